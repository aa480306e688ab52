/** One file to compare: arguments of the ffmpeg program, or what is done to files made before. */
export interface Recipe {
  readonly name: string;
  /** Between the input and the file's name. */
  readonly args?: readonly string[];
  /** The input: 96 x 64 unless told otherwise. */
  readonly input?: string;
  /** Files joined end to end. */
  readonly join?: readonly string[];
  /** A file cut to a share of its bytes. */
  readonly cut?: { readonly from: string; readonly share: number };
  /** A file with one byte in so many changed from a share of its length on. */
  readonly damage?: { readonly from: string; readonly every: number };
}

const picture = (size = "96x64", rate = "25", seconds = 2) => `testsrc2=s=${size}:r=${rate}:d=${seconds}`;
const x264 = (...more: string[]) => ["-c:v", "libx264", "-preset", "veryfast", ...more];
const x265 = (...more: string[]) => [
  "-c:v",
  "libx265",
  "-preset",
  "ultrafast",
  "-x265-params",
  ["log-level=none", ...more].join(":"),
];
const vp9 = ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"];
const av1 = ["-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime"];

/** Every combination that the field has shown, and the ones beside it. */
export function recipes(): Recipe[] {
  const list: Recipe[] = [];
  const add = (name: string, args: readonly string[], input = picture()) => list.push({ name, args, input });
  for (const container of ["mp4", "mov", "mkv", "ts", "flv", "nut"])
    for (const [gop, b] of [
      ["1", "0"],
      ["12", "0"],
      ["12", "2"],
      ["250", "3"],
    ] as const)
      add(`x264-gop${gop}-b${b}.${container}`, x264("-g", gop, "-bf", b));
  for (const rate of ["10", "24000/1001", "30000/1001", "50", "60"])
    for (const container of ["mp4", "mkv", "ts", "flv"])
      add(`x264-${rate.replace("/", "of")}fps.${container}`, x264("-g", "20"), picture("96x64", rate));
  for (const format of ["yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "gray", "yuvj420p"])
    for (const container of ["mp4", "mkv"]) add(`x264-${format}.${container}`, x264("-pix_fmt", format));
  for (const size of ["98x66", "34x18", "640x360", "176x144"]) add(`x264-${size}.mp4`, x264("-g", "15"), picture(size));
  for (const [name, params] of [
    ["open-gop", "open-gop=1:keyint=12"],
    ["intra-refresh", "intra-refresh=1"],
    ["pyramid", "b-pyramid=strict:bframes=5"],
    ["refs", "ref=8:bframes=4"],
    ["slices", "slices=4"],
    ["tff", "tff=1"],
    ["bff", "bff=1"],
    ["cabac-off", "cabac=0"],
  ] as const)
    for (const container of ["mp4", "ts"]) add(`x264-${name}.${container}`, x264("-x264-params", params));
  for (const degrees of ["90", "180", "270"]) {
    add(`rotate-source-${degrees}.mp4`, x264("-g", "15"));
    add(
      `rotate-${degrees}.mp4`,
      ["-c", "copy", "-metadata:s:v:0", `rotate=${degrees}`],
      `file:rotate-source-${degrees}.mp4`,
    );
  }
  for (const container of ["mp4", "mkv", "ts", "mov"]) {
    add(`vfr-select.${container}`, [
      ...x264("-g", "15"),
      "-vf",
      "select='not(mod(n,3))+not(mod(n,7))'",
      "-vsync",
      "vfr",
    ]);
    add(`vfr-pts.${container}`, [
      ...x264(),
      "-vf",
      "setpts='PTS+if(gt(N,20),0.7/TB,0)+0.01*random(0)/TB'",
      "-vsync",
      "vfr",
    ]);
    add(`offset-in-${container}.${container}`, [...x264(), "-output_ts_offset", "7.3"]);
    add(`trimmed.${container}`, ["-ss", "0.53", "-c", "copy"], `file:x264-gop12-b2.${container}`);
  }
  add("fragmented.mp4", x264("-g", "10", "-movflags", "frag_keyframe+empty_moov"));
  add("fragments-small.mp4", x264("-g", "10", "-movflags", "frag_every_frame+empty_moov+default_base_moof"));
  add("faststart.mp4", x264("-movflags", "faststart"));
  add("negative-cts.mp4", x264("-movflags", "negative_cts_offsets"));
  for (const container of ["mp4", "mkv", "ts", "mov"]) {
    add(`x265.${container}`, x265());
    add(`x265-open.${container}`, x265("open-gop=1", "keyint=12"));
    add(`x265-10bit.${container}`, [...x265("keyint=15"), "-pix_fmt", "yuv420p10le"]);
  }
  add("x265-444.mkv", [...x265(), "-pix_fmt", "yuv444p"]);
  add("x265-bframes.mp4", x265("bframes=6", "rc-lookahead=20", "keyint=48"));
  for (const container of ["webm", "mkv", "mp4", "nut"]) add(`vp9.${container}`, vp9);
  for (const format of ["yuv422p", "yuv444p", "yuv420p10le"]) add(`vp9-${format}.mkv`, [...vp9, "-pix_fmt", format]);
  add("vp9-altref.webm", ["-c:v", "libvpx-vp9", "-cpu-used", "5", "-auto-alt-ref", "1", "-lag-in-frames", "16"]);
  for (const container of ["webm", "mkv", "avi"])
    add(`vp8.${container}`, ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8"]);
  add("vp8-alpha.webm", ["-c:v", "libvpx", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-deadline", "realtime"]);
  for (const container of ["mp4", "webm", "mkv"]) add(`av1.${container}`, av1);
  add("av1-10bit.mkv", [...av1, "-pix_fmt", "yuv420p10le"]);
  add("svt-av1.mp4", ["-c:v", "libsvtav1", "-preset", "12"], picture("128x96"));
  for (const b of ["0", "2"])
    for (const container of ["mp4", "avi", "mkv", "ts", "mov"])
      add(`mpeg4-b${b}.${container}`, ["-c:v", "mpeg4", "-bf", b, "-g", "15", "-q:v", "3"]);
  for (const b of ["0", "2"])
    for (const container of ["ts", "mpg", "mkv", "vob", "m2v"])
      add(`mpeg2-b${b}.${container}`, ["-c:v", "mpeg2video", "-bf", b, "-g", "15", "-q:v", "3"]);
  add("mpeg2-interlaced.ts", ["-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1", "-q:v", "3"]);
  for (const container of ["mpg", "mkv", "mp4"]) add(`mpeg1.${container}`, ["-c:v", "mpeg1video", "-q:v", "3"]);
  const intra: readonly (readonly [string, string, readonly string[], string?])[] = [
    ["mjpeg", "avi", ["-pix_fmt", "yuvj420p"]],
    ["mjpeg", "mov", ["-pix_fmt", "yuvj422p"]],
    ["mjpeg", "mkv", ["-pix_fmt", "yuvj444p"]],
    ["ffv1", "mkv", []],
    ["ffv1", "avi", ["-pix_fmt", "yuv444p"]],
    ["ffv1", "nut", ["-pix_fmt", "yuv422p10le"]],
    ["huffyuv", "avi", ["-pix_fmt", "yuv422p"]],
    ["ffvhuff", "mkv", []],
    ["utvideo", "avi", []],
    ["utvideo", "mkv", ["-pix_fmt", "yuv422p"]],
    ["magicyuv", "avi", ["-pix_fmt", "yuv420p"]],
    ["prores_ks", "mov", []],
    ["prores_ks", "mkv", ["-profile:v", "4", "-pix_fmt", "yuv444p10le"]],
    ["jpeg2000", "mov", ["-pix_fmt", "yuv420p"]],
    ["rawvideo", "avi", ["-pix_fmt", "yuv420p"]],
    ["rawvideo", "mkv", ["-pix_fmt", "yuv420p"]],
    ["rawvideo", "nut", ["-pix_fmt", "gray"]],
    ["rawvideo", "nut", ["-pix_fmt", "rgb24"]],
    ["dvvideo", "dv", ["-pix_fmt", "yuv420p"], picture("720x576")],
    ["dnxhd", "mov", ["-profile:v", "dnxhr_sq", "-pix_fmt", "yuv422p"], picture("256x128")],
    ["png", "mov", ["-pix_fmt", "rgb24"]],
    ["qtrle", "mov", ["-pix_fmt", "rgb24"]],
    ["vc2", "mkv", ["-pix_fmt", "yuv420p"]],
    ["cfhd", "mov", ["-pix_fmt", "yuv422p10le"]],
    ["gif", "gif", []],
    ["apng", "apng", ["-pix_fmt", "rgb24", "-plays", "1"]],
    ["snow", "avi", []],
    ["wrapped_avframe", "y4m", []],
  ];
  for (const [codec, container, more, input] of intra)
    add(
      `${codec}-${more.join("").replace(/\W/g, "")}.${container}`,
      codec === "wrapped_avframe" ? ["-pix_fmt", "yuv420p"] : ["-c:v", codec, ...more],
      input,
    );
  const old: readonly (readonly [string, string, readonly string[], string?])[] = [
    ["wmv1", "wmv", []],
    ["wmv2", "wmv", []],
    ["wmv2", "avi", []],
    ["msmpeg4", "avi", []],
    ["msmpeg4v2", "avi", []],
    ["flv", "flv", []],
    ["h263", "3gp", [], picture("176x144")],
    ["h261", "mkv", [], picture("176x144", "30000/1001")],
    ["svq1", "mov", []],
    ["cinepak", "avi", [], picture("96x64", "25", 1)],
    ["rv10", "rm", []],
    ["rv20", "rm", []],
    ["libtheora", "ogv", []],
    ["libxvid", "avi", []],
    ["msvideo1", "avi", []],
    ["asv1", "avi", []],
    ["zmbv", "avi", []],
    ["flashsv", "flv", []],
    ["roqvideo", "roq", [], picture("128x64", "30")],
  ];
  for (const [codec, container, more, input] of old)
    add(`${codec}.${container}`, ["-c:v", codec, "-q:v", "4", ...more], input);
  for (const raw of ["h264", "hevc", "m4v", "ivf", "obu", "mjpeg"])
    add(
      `raw.${raw}`,
      raw === "h264"
        ? x264()
        : raw === "hevc"
          ? x265()
          : raw === "m4v"
            ? ["-c:v", "mpeg4"]
            : raw === "mjpeg"
              ? ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]
              : raw === "ivf"
                ? vp9
                : av1,
    );
  const join = (name: string, ...parts: string[]) => list.push({ name, join: parts });
  join("joined-same.ts", "x264-gop12-b2.ts", "x264-gop12-b2.ts");
  join("joined-overlap.ts", "x264-gop12-b2.ts", "offset-in-ts.ts", "x264-gop12-b2.ts");
  join("joined-rates.ts", "x264-24000of1001fps.ts", "x264-60fps.ts");
  join("joined-codecs-vfr.ts", "vfr-select.ts", "vfr-pts.ts");
  join("joined-mpeg2.ts", "mpeg2-b2.ts", "mpeg2-b2.ts");
  join("joined-x265.ts", "x265.ts", "x265-open.ts");
  join("joined.mpg", "mpeg2-b2.mpg", "mpeg2-b2.mpg");
  join("joined.m2v", "mpeg2-b2.m2v", "mpeg2-b0.m2v");
  join("joined.h264", "raw.h264", "raw.h264");
  for (const from of [
    "x264-gop12-b2.ts",
    "x264-gop12-b2.mkv",
    "faststart.mp4",
    "vp9.webm",
    "mpeg4-b0.avi",
    "x264-gop12-b2.flv",
    "mpeg2-b2.mpg",
  ])
    for (const share of [0.5, 0.83]) list.push({ name: `cut-${share * 100}-${from}`, cut: { from, share } });
  for (const from of ["x264-gop12-b2.ts", "x264-gop12-b2.mkv", "faststart.mp4", "x265.ts", "mpeg2-b2.ts", "vp8.webm"])
    list.push({ name: `damaged-${from}`, damage: { from, every: 1500 } });
  return list;
}
