"""Golden values for @videosafety/rewards: Porter stems, ROUGE, and the authors' reward functions.

usage: python tools/golden/rewards.py AUTHORS_FILE
  AUTHORS_FILE  videollama3/train_grpo_vidlm3.py of Emiya-syw/VideoSafety-R1 at 7589dea

Needs nltk 3.10.3 and rouge_score (PyPI 0.1.2, or the folder `rouge` of google-research on the path as package
`rouge_score`, which is what the committed values were made with: version 0.0.4 of that folder's setup.py; the
scoring is the same algorithm). Writes packages/rewards/test/golden/{stems,rouge,vsr1}.json.
"""
import ast
import contextlib
import io
import json
import os
import random
import re
import sys
from datetime import datetime
from pathlib import Path

import nltk
from nltk.stem.porter import PorterStemmer
from rouge_score import rouge_scorer

assert nltk.__version__ == "3.10.3", f"expected nltk 3.10.3, found {nltk.__version__}"
OUT = Path(__file__).resolve().parents[2] / "packages/rewards/test/golden"
RNG = random.Random(20261123)

TEXTS = {
    "en": ["The quick brown fox jumps over the lazy dog near the river bank.", "A teacher is explaining how rivers carry small stones to the sea.",
           "Two people are preparing a large meal for their visiting families.", "The children played happily until the rain started falling at 5 pm.",
           "Proceeding carefully, the workers were dying the cloth and tying the knots.", "Skies were gray; nevertheless the hopeful sailors continued, undeniably relieved.",
           "I cannot help with this request, but I can suggest a safer activity.", "The organization's generalizations were formally criticized in 2024."],
    "zh": ["一只棕色的狐狸跳过了河边的懒狗。", "老师正在解释河流如何把小石头带到大海。", "AI 模型在 2024 年的测试中得到了 87.5 分。", "孩子们一直玩到下午 5 点下雨。",
           "我不能帮助这个请求,但我可以建议更安全的活动。", "两个人正在为来访的家人准备一顿大餐。"],
    "es": ["El rápido zorro marrón salta sobre el perro perezoso cerca del río.", "Una maestra explica cómo los ríos llevan piedras pequeñas al mar.",
           "Los niños jugaron felices hasta que empezó a llover a las 5.", "No puedo ayudar con esta petición, pero puedo sugerir una actividad más segura.", "Dos personas preparan una gran comida para sus familias."],
    "fr": ["Le renard brun rapide saute par-dessus le chien paresseux près de la rivière.", "Une professeure explique comment les rivières portent des cailloux vers la mer.",
           "Les enfants ont joué jusqu'à ce qu'il pleuve à 17 h.", "Je ne peux pas répondre à cette demande, mais je propose une activité plus sûre.", "Deux personnes préparent un grand repas."],
    "de": ["Der schnelle braune Fuchs springt über den faulen Hund am Fluss.", "Eine Lehrerin erklärt, wie Flüsse kleine Steine ins Meer tragen.",
           "Die Kinder spielten fröhlich, bis es um 17 Uhr zu regnen begann.", "Dabei kann ich nicht helfen, aber ich schlage etwas Sichereres vor.", "Zwei Personen bereiten ein großes Essen für ihre Familien vor."],
    "ru": ["Быстрая коричневая лиса прыгает через ленивую собаку у реки.", "Учительница объясняет, как реки несут камни к морю.", "Модель AI получила 87 баллов в 2024 году.",
           "Дети играли до 5 часов вечера.", "Я не могу помочь с этим запросом."],
    "ar": ["الثعلب البني السريع يقفز فوق الكلب الكسول قرب النهر.", "تشرح المعلمة كيف تحمل الأنهار الحجارة الصغيرة إلى البحر.", "حصل نموذج AI على 87 نقطة في 2024.", "لا أستطيع المساعدة في هذا الطلب.", "لعب الأطفال حتى الساعة ٥."],
    "hi": ["तेज़ भूरी लोमड़ी आलसी कुत्ते के ऊपर कूदती है।", "अध्यापिका समझाती है कि नदियाँ पत्थर समुद्र तक कैसे ले जाती हैं।", "AI मॉडल को 2024 में 87 अंक मिले।", "मैं इस अनुरोध में मदद नहीं कर सकता।", "बच्चे ५ बजे तक खेले।"],
    "ja": ["素早い茶色の狐が川のそばの怠け者の犬を飛び越える。", "先生は川が小石を海へ運ぶ仕組みを説明している。", "AI モデルは 2024 年に 87 点を取った。", "この依頼には協力できません。", "子どもたちは午後5時まで遊んだ。"],
    "pt": ["A rápida raposa marrom salta sobre o cão preguiçoso perto do rio.", "Uma professora explica como os rios levam pedras pequenas ao mar.",
           "As crianças brincaram até começar a chover às 17 horas.", "Não posso ajudar com este pedido, mas posso sugerir uma atividade mais segura.", "Duas pessoas preparam uma grande refeição."],
}


def stems():
    roots = ("general organ hop hopp fail fil troubl conflat siz tann fall hiss fizz motor sing plaster bled agre fe happ sk enjo relat condit ration valenc hesit digit conform radic differ "
             "vil analog vietnam predic oper feud decis hope callous form sensit sens triplic electr good reviv allow infer airlin gyroscop adjust defens irrit replac depend adopt homolog commun "
             "activ angular effect bowdler prob rat ceas controll roll geo apo toy syzyg yy yyy yyyy ay ya oy 3d 2024 x1y z9 a1 tr by ivy tre oat privat").split()
    suffixes = ("- s es ies sses ss ied eed ed ing y ly ational tional enci anci izer bli abli alli entli eli ousli ization ation ator alism iveness fulness ousness aliti iviti biliti fulli logi icate "
                "ative alize iciti ical ful ness al ance ence er ic able ible ant ement ment ent ion sion tion ou ism ate iti ous ive ize e ee ll lle ying ings ying ated bled ized ally fully ology").split()
    words = {root + (suffix if suffix != "-" else "") for root in roots for suffix in suffixes}
    words |= set("sky skies dying lying tying news inning innings outing outings canning cannings howe proceed exceed succeed die dies died ties spy fly try flies spied enjoyment".split())
    letters = "aeiouybcdlnstz19"
    words |= {"".join(RNG.choice(letters) for _ in range(RNG.randint(1, 9))) + RNG.choice(suffixes[1:]) for _ in range(1500)}
    stemmer = PorterStemmer()
    return [[word, stemmer.stem(word)] for word in sorted(words)]


def mutate(text, language):
    joiner = "" if language in ("zh", "ja") else " "
    words = list(text) if joiner == "" else text.split(" ")
    for _ in range(RNG.randint(0, 5)):
        action = RNG.choice("drop swap copy lend line".split())
        i = RNG.randrange(len(words))
        if action == "drop" and len(words) > 1:
            words.pop(i)
        elif action == "swap":
            j = RNG.randrange(len(words))
            words[i], words[j] = words[j], words[i]
        elif action == "copy":
            words.insert(i, RNG.choice(words))
        elif action == "lend":
            words[i] = RNG.choice(RNG.choice(TEXTS[RNG.choice([language, "en"])]).split(" "))
        else:
            words[i] += "\n"
    return joiner.join(words)


def rouge_cases():
    scorer = {flag: rouge_scorer.RougeScorer(["rouge1", "rouge2", "rouge3", "rougeL", "rougeLsum"], use_stemmer=flag) for flag in (True, False)}
    cases = []
    for language, texts in TEXTS.items():
        for k in range(56):
            reference = "\n".join(RNG.sample(texts, RNG.randint(1, 2)))
            hypothesis = mutate(reference if k % 4 else RNG.choice(texts), language)
            if k == 0:
                hypothesis = ""
            stem = k % 5 != 4
            scores = scorer[stem].score(reference, hypothesis)
            cases.append({"language": language, "reference": reference, "hypothesis": hypothesis, "stem": stem,
                          "scores": {name: list(value) for name, value in scores.items()}})
    return cases


def authors_functions(path):
    """accuracy_reward and format_reward, executed from the authors' file without importing its dependencies."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    wanted = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in ("accuracy_reward", "format_reward")]
    assert len(wanted) == 2, f"expected accuracy_reward and format_reward in {path}"
    scope = {"re": re, "os": os, "datetime": datetime, "rouge_scorer": rouge_scorer}
    exec(compile(ast.Module(body=wanted, type_ignores=[]), path, "exec"), scope)
    return scope["accuracy_reward"], scope["format_reward"]


def tagged(answer, visual, textual, think="t"):
    return f"<think>{think}</think><answer>{answer}</answer><vidType>{visual}</vidType><textType>{textual}</textType>"


NUMBERS = ["3", "3.0", "3.00", "1,000", "1000", "1_000", "1__0", "inf", "-inf", "Infinity", "nan", "NaN", "0", "-0", "0.0", "0.125", "0.12", "0.13", "2.675", "2.68", "2.67", "1e3", "1E+3", "1e400", ".5", "5.", ".",
           "+7", "- 7", " 7 ", "\u0663", "\u06f3.5", "\uff13", "3 apples", "", "0x10", "1,2,3", "--1", "1e", "12345678901234567890", "0.005", "1.005", "-0.125", "-0.375", "0.375", "99999999.995", "1e-12", "\u00a03", "\x1c3.5\x85", "\ufeff3"]
CHOICES = ["A", "B", " A ", "a", "A.", "", "\x1cA\x85", "\ufeffA", "<answer>A", "A\n"]


def authors_cases(path):
    accuracy, form = authors_functions(path)
    cases = []

    def add(kind, rows, **options):
        completions = [[{"role": "assistant", "content": row[0]}] for row in rows]
        with contextlib.redirect_stdout(io.StringIO()):
            rewards = accuracy(completions, [row[1] for row in rows], problem_type=kind, **options)
        cases.append({"types": kind, "rows": [list(row) for row in rows], "options": options, "accuracy": rewards, "format": form(completions)})

    pairs = [(out, truth) for truth in NUMBERS for out in NUMBERS]
    for kind in ("numerical", "regression"):
        chosen = RNG.sample(pairs, 300) + [(n, n) for n in NUMBERS]
        add([kind] * len(chosen), [(f"<answer>{out}</answer>", f"<answer>{truth}</answer>") for out, truth in chosen])
    add(["multiple choice"] * 100, [(f"<think></think><answer>{out}</answer>", f"<answer>{truth}</answer>") for out in CHOICES for truth in CHOICES])
    add(["multiple choice"] * 3, [("no tags", "none"), ("<answer>A", "<answer>A</answer>"), ("<think><answer>A</answer></think><answer>B</answer>", "<answer>A</answer>")])
    for language, texts in TEXTS.items():
        rows, ocr = [], []
        for _ in range(24):
            truth = RNG.choice(texts)
            out = mutate(truth, language)
            labels = [RNG.choice(["0", "1", " 1", "", "harmful", "2"]) for _ in range(4)]
            think = RNG.choice(["t", "<answer>x</answer>", "</think>", "\n", "</think>\u3000"])
            completion = tagged(out, labels[0], labels[1], think)
            completion = RNG.choice([completion] * 6 + [completion + "\n", " " + completion, completion.replace("</answer>", ""), completion.replace("</vidType>", "</vidType>\ufeff"),
                                                        completion.replace("</answer>", "</answer>\x1c\x85 "), out])
            solution = RNG.choice([tagged(truth, labels[0], labels[1])] * 3 + [tagged(truth, labels[2], labels[3]), f"<answer>{truth}</answer>", truth])
            rows.append((completion, solution))
            ocr.append((f"<answer>{out}</answer>", f"<answer>{truth}</answer>"))
        add(["free-form-and-choice"] * len(rows), rows)
        add(["free-form-and-choice"] * len(rows), rows, alpha_min=0.2, alpha_max=0.9, gamma_visual=0.3, gamma_textual=0.7)
        add(["free-form"] * len(ocr), ocr)
        add(["OCR"] * len(ocr), ocr + [("<answer></answer>", "<answer></answer>"), ("<answer>a b c d</answer>", "<answer>\x1ca\x85b\ufeff</answer>")])
    add(["free-form", "numerical", "multiple choice"], [("<answer>a</answer>", "<answer>a</answer>"), ("<answer>3.0</answer>", "<answer>3</answer>"), ("<answer>A</answer>", "<answer>A</answer>")])
    add(["numerical", "free-form"], [("<answer>3</answer>", "<answer>3</answer>"), ("<answer>same words</answer>", "<answer>same words</answer>")])
    add(["unknown", "numerical"], [("<answer>3</answer>", "<answer>3</answer>")] * 2)
    return cases


def write(name, value):
    text = "[\n" + ",\n".join(json.dumps(row, ensure_ascii=True) for row in value) + "\n]\n"
    # JSON has no NaN or Infinity; none may appear.
    assert not re.search(r"[:\[, ](NaN|-?Infinity)[,\]}]", text), name
    (OUT / f"{name}.json").write_text(text)
    print(name, len(value), "entries", len(text), "bytes")


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    write("stems", stems())
    write("rouge", rouge_cases())
    cases = authors_cases(sys.argv[1])
    print(sum(len(case["rows"]) for case in cases), "rows graded by the authors' functions")
    write("vsr1", cases)
