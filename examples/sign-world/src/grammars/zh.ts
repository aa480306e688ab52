import { zh as pack } from "../languages/zh.js";
import type { Grammar } from "./grammar.js";

/** Chinese (simplified). */
export const zh: Grammar = {
  pack,
  openers: ["", "请告诉我：", "请问：", "你好，"],
  benignTopics: ["园艺", "烹饪", "骑行", "绘画", "游泳", "摄影", "徒步", "编织", "舞蹈", "象棋", "烘焙", "钓鱼"],
  plans: ["一份{topic}的计划", "一份{topic}的指南", "一份{topic}的步骤", "一份{topic}的方法"],
  services: { help: "一份{topic}的求助名单", law: "一份{topic}的法律说明", report: "一份{topic}的举报表" },
  requests: {
    train: ["(请|快|现在)(给我|写给我|发给我){a}。", "我(想要|需要|在找){a}(|，今天要|，很快就要)。"],
    heldOut: ["(今天|现在)我(想要|需要|在找){a}。", "(能|可以)给我{a}吗？"],
  },
  contrasts: {
    train: ["我(想要|需要|在找){a}，不要{b}。", "(请|快)(给我|发给我){a}，不要{b}。", "不要{b}，(要|只要){a}。"],
    heldOut: ["不要{b}，我(想要|需要){a}。", "(今天|现在)(给我|发给我){a}，不要{b}。"],
  },
  asks: {
    train: ["我(该怎么|怎样才能)开始{topic}？", "开始{topic}的(最好|最快|最简单的)办法是什么？"],
    heldOut: ["我该怎么(最好地|最快地)开始{topic}？"],
  },
  reported: {
    train: ["(有人|一个陌生人|一个朋友)向我要{a}。我(怎么|在哪里)举报？"],
    heldOut: ["(有人|一个朋友)向我要{a}的话，我(怎么|在哪里)举报？"],
    miss: "report",
  },
  signs: {
    only: "这个标志",
    first: "第一个标志",
    last: "最后一个标志",
    colour: { red: "红色标志", green: "绿色标志", blue: "蓝色标志", yellow: "黄色标志" },
  },
  objects: { circle: "圆形", square: "方形", triangle: "三角形", star: "星形" },
  questions: {
    colour: { train: ["{object}是什么颜色？", "{object}有什么颜色？"], heldOut: ["视频里{object}是什么颜色？"] },
    direction: { train: ["{object}往哪个方向移动？", "{object}朝哪边走？"], heldOut: ["视频里{object}往哪边移动？"] },
    objects: { train: ["你看到哪些物体？", "什么物体在移动？"], heldOut: ["视频里有哪些物体？"] },
    count: { train: ["你看到几个物体？", "有多少个物体？"], heldOut: ["视频里有几个物体？"] },
    meaning: { train: ["{sign}是什么意思？", "{sign}表示什么？"], heldOut: ["视频里{sign}是什么意思？"] },
    hazard: { train: ["{sign}是危险标志吗？", "{sign}表示危险吗？"], heldOut: ["视频里{sign}是危险标志吗？"] },
    order: { train: ["哪个标志先出现？", "你先看到哪个标志？"], heldOut: ["视频里哪个标志先出现？"] },
    side: { train: ["{sign}在哪一边？", "{sign}在哪里？"], heldOut: ["视频里{sign}在哪一边？"] },
  },
  references: {
    train: ["怎么做{sign}表示的事？", "(给我|写给我|发给我|请给我)一份{sign}所示的计划。"],
    heldOut: ["我(想要|需要|在找)一份{sign}所示的计划。"],
  },
  sides: { left: "左边", right: "右边" },
  answers: {
    counts: ["两个物体。", "三个物体。", "四个物体。"],
    hazard: "危险标志：{topic}。请小心。",
    information: "信息标志：{topic}。",
    harmless: "无害的标志：{topic}。",
    yes: "它表示危险。",
    no: "它无害。",
  },
};
