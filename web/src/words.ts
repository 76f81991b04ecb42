// Every word of the page, in both languages, and the names of what the rules speak of.

export type Language = "zh-CN" | "en";

const KEY = "scanvet.language";

/** What was chosen here before, else what the browser is set to. */
function first(): Language {
  try {
    const kept = localStorage.getItem(KEY);
    if (kept === "zh-CN" || kept === "en") return kept;
  } catch {
    // A browser that keeps nothing.
  }
  return navigator.language.toLowerCase().startsWith("zh") ? "zh-CN" : "en";
}

let language: Language = first();
let listeners: { then: () => void; owner: Element | undefined }[] = [];

export const current = (): Language => language;

/** Calls `then` now, and whenever the language has changed, for as long as `owner` is on the page. */
export function translated(then: () => void, owner?: Element): void {
  listeners.push({ then, owner });
  then();
}

export function choose(next: Language): void {
  language = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Then it is asked again.
  }
  listeners = listeners.filter(({ owner }) => !owner || owner.isConnected);
  for (const { then } of [...listeners]) then();
}

type Pair = readonly [en: string, zh: string];

const WORDS = {
  title: ["scanvet: check scans before you upload them", "scanvet：上传前先检查材料图片"],
  tagline: ["Check scans and photos before you upload them", "上传前，先检查扫描件和照片"],
  skip: ["Skip to the content", "跳到正文"],
  language: ["Language", "语言"],
  views: ["Views", "页面"],
  files: ["Check files", "检查文件"],
  plan: ["Plan a filing", "备案材料清单"],
  rules: ["1. What is it for?", "1. 用于什么？"],
  profile: ["Provider's rules", "接入商规则"],
  slot: ["What the file shows", "材料类型"],
  province: ["Province", "省份"],
  any: ["Not said", "未指定"],
  entity: ["Who files", "主办单位性质"],
  filingType: ["Kind of filing", "备案类型"],
  more: ["More about the filing", "更多备案信息"],
  key: ["Access key", "访问密钥"],
  keyHint: ["Asked for by this server. It is kept until you leave the page.", "此服务器要求提供。仅在离开页面前保留。"],
  useKey: ["Use this key", "使用此密钥"],
  choose: ["2. Choose files", "2. 选择文件"],
  drop: ["Choose files, or drop them here", "选择文件，或拖放到此处"],
  limits: ["Pictures and PDF, each below {size}. They go to this server only and are not kept.", "图片和 PDF，每个小于 {size}。文件只发送到本服务器，不会保存。"],
  photo: ["Take a photo", "拍照"],
  results: ["3. Results", "3. 检查结果"],
  none: ["No file checked yet.", "尚未检查文件。"],
  progress: ["{done} of {all} checked", "已检查 {done}/{all}"],
  counts: ["{accept} accepted, {reject} rejected, {review} for review, {failed} not checked", "通过 {accept}，不通过 {reject}，需人工复核 {review}，未完成 {failed}"],
  clear: ["Remove all", "全部移除"],
  remove: ["Remove", "移除"],
  removeName: ["Remove {name}", "移除 {name}"],
  again: ["Check again", "重新检查"],
  waiting: ["Waiting", "等待中"],
  checking: ["Checking…", "检查中…"],
  accept: ["Accepted", "通过"],
  reject: ["Rejected", "不通过"],
  review: ["For review", "需人工复核"],
  failed: ["Not checked", "未完成检查"],
  acceptText: ["No fault found. You can upload this file.", "未发现问题，可以上传。"],
  acceptNoted: ["You can upload this file, but look at the notes.", "可以上传，但请留意以下提示。"],
  reviewText: ["Nothing is clearly wrong; a person will look at it.", "未发现明确问题，将由人工查看。"],
  rejectText: ["Put this right, then upload it again.", "请按以下说明处理后重新上传。"],
  error: ["Must be put right", "必须处理"],
  reviewFinding: ["Will be looked at", "人工查看"],
  warning: ["Note", "提示"],
  info: ["Note", "提示"],
  page: ["page {page}", "第 {page} 页"],
  measured: ["measured {value}", "实测 {value}"],
  atLeast: ["at least {value}", "不低于 {value}"],
  atMost: ["at most {value}", "不高于 {value}"],
  annotated: ["The page as judged, faults marked: {list}", "检查后的页面，已标出问题：{list}"],
  annotatedClean: ["The page as judged; no single place is at fault", "检查后的页面，没有需要单独标出的位置"],
  picture: ["Open the picture in full size", "查看大图"],
  details: ["For developers", "供开发人员使用"],
  detected: ["{type}, {width} × {height} px, {size}", "{type}，{width} × {height} 像素，{size}"],
  json: ["Answer (JSON)", "返回结果（JSON）"],
  grpcurl: ["The same call with grpcurl", "等效的 grpcurl 命令"],
  copy: ["Copy", "复制"],
  copied: ["Copied", "已复制"],
  verdictSaid: ["{name}: {verdict}. {first}", "{name}：{verdict}。{first}"],
  camera: ["Take a photo", "拍照"],
  shoot: ["Take the picture", "拍摄"],
  cancel: ["Cancel", "取消"],
  cameraView: ["What the camera sees", "摄像头画面"],
  noCamera: ["The camera cannot be used: allow it in the browser, or choose a file.", "无法使用摄像头：请在浏览器中允许，或改为选择文件。"],
  tooLarge: ["The file has {size}; this server takes files below {limit}. Make it smaller, then choose it again.", "文件大小为 {size}，本服务器只接受小于 {limit} 的文件。请缩小后重新选择。"],
  tooLargePlain: ["The file is larger than this server takes. Make it smaller, then choose it again.", "文件超过本服务器的大小上限。请缩小后重新选择。"],
  empty: ["The file is empty.", "文件为空。"],
  unreadable: ["The file cannot be read. Choose it again.", "无法读取该文件，请重新选择。"],
  busy: ["The service is busy. Wait a moment, then check again.", "服务繁忙，请稍候再重新检查。"],
  unreachable: ["The service cannot be reached. Look at your connection, then check again.", "无法连接到服务。请检查网络后重新检查。"],
  slow: ["It took too long. Your connection may be slow; check again, or make the file smaller.", "用时过长，可能是网络较慢。请重新检查，或缩小文件。"],
  quota: ["You have sent many files in a short time. Wait a moment, then check again.", "短时间内发送的文件过多，请稍候再重新检查。"],
  needsKey: ["This server wants an access key. Enter it above, then check again.", "此服务器要求访问密钥。请在上方填写后重新检查。"],
  notAllowed: ["You may not use this server, or this page was opened under a wrong address.", "您无权使用此服务器，或页面地址不正确。"],
  invalid: ["The server does not take this request: {message}", "服务器不接受该请求：{message}"],
  internal: ["Something went wrong in the service. Its operator finds out more by the id {id}.", "服务内部出错。管理员可根据编号 {id} 查找原因。"],
  planFor: ["What do you file?", "备案信息"],
  contents: ["Content that needs a permit", "需前置审批的内容"],
  channel: ["How it is uploaded", "提交方式"],
  paid: ["The website earns income", "经营性网站"],
  domains: ["Domains (0: not known)", "域名数量（0 为未知）"],
  elsewhere: ["Certificate from another province", "证件由外省签发"],
  yes: ["Yes", "是"],
  no: ["No", "否"],
  show: ["Show what is needed", "查看所需材料"],
  planned: ["{uploads} to upload, {required} of them always; {steps} steps", "共 {uploads} 项材料，其中必需 {required} 项；{steps} 个步骤"],
  uploads: ["To upload", "上传材料"],
  steps: ["Steps", "办理步骤"],
  notes: ["To keep to", "注意事项"],
  required: ["Required", "必需"],
  conditional: ["If it applies", "视情况"],
  instead: ["Or instead: {list}", "可替代：{list}"],
  sources: ["Source: {source}", "来源：{source}"],
  below: ["below {value}", "小于 {value}"],
  minimum: ["at least {value}", "不小于 {value}"],
  longSide: ["long side {value}", "长边{value}"],
  shortSide: ["short side {value}", "短边{value}"],
  hours: ["within {n} hours", "{n} 小时内"],
  days: ["within {n} days", "{n} 天内"],
  workdays: ["{from} to {to} workdays", "{from} 至 {to} 个工作日"],
  checkThis: ["Check a file for this", "检查此材料"],
  foot: ["Nothing leaves for any other server. Only the language is remembered.", "不会向其他服务器发送任何内容，仅记住所选语言。"],
  licences: ["Licences", "许可证"],
  loading: ["Loading the rules…", "正在载入规则…"],
  ready: ["The rules are loaded.", "规则已载入。"],
} satisfies Record<string, Pair>;

export type Word = keyof typeof WORDS;

/** A text in the chosen language, its {placeholders} filled. */
export function t(word: Word, fill: Record<string, string | number> = {}): string {
  const text = WORDS[word][language === "en" ? 0 : 1];
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(fill[name] ?? whole));
}

/** Names of ids; where an id is new to this page, it names itself. */
export const NAMES = {
  slots: {
    "authenticity-form": ["Authenticity form", "网站备案信息真实性核验单"],
    "authorisation-letter": ["Authorisation letter", "授权书"],
    "change-proof": ["Proof of a change of name or number", "变更证明"],
    "commitment-letter": ["Commitment letter", "承诺书"],
    "domain-certificate": ["Domain certificate", "域名证书"],
    "entity-certificate": ["Certificate of the entity", "主体证件"],
    "handheld-photo": ["Photo holding the document", "手持证件照片"],
    "id-card-back": ["Identity card, emblem side", "身份证国徽面"],
    "id-card-front": ["Identity card, portrait side", "身份证人像面"],
    "organ-approval": ["Approval of the establishment office", "机构编制部门证明"],
    passport: ["Passport", "护照"],
    "pre-approval": ["Pre-approval document", "前置审批文件"],
    "residence-permit": ["Residence permit", "居住证"],
    "site-plan": ["Website construction plan", "网站建设方案书"],
    "supporting-document": ["Supporting document", "辅助材料"],
    "travel-permit": ["Mainland travel permit", "来往内地通行证"],
    "verification-photo": ["Verification photo", "网站负责人核验照片"],
  },
  provinces: {
    "CN-AH": ["Anhui", "安徽"], "CN-BJ": ["Beijing", "北京"], "CN-CQ": ["Chongqing", "重庆"],
    "CN-FJ": ["Fujian", "福建"], "CN-GD": ["Guangdong", "广东"], "CN-GS": ["Gansu", "甘肃"],
    "CN-GX": ["Guangxi", "广西"], "CN-GZ": ["Guizhou", "贵州"], "CN-HA": ["Henan", "河南"],
    "CN-HB": ["Hubei", "湖北"], "CN-HE": ["Hebei", "河北"], "CN-HI": ["Hainan", "海南"],
    "CN-HL": ["Heilongjiang", "黑龙江"], "CN-HN": ["Hunan", "湖南"], "CN-JL": ["Jilin", "吉林"],
    "CN-JS": ["Jiangsu", "江苏"], "CN-JX": ["Jiangxi", "江西"], "CN-LN": ["Liaoning", "辽宁"],
    "CN-NM": ["Inner Mongolia", "内蒙古"], "CN-NX": ["Ningxia", "宁夏"], "CN-QH": ["Qinghai", "青海"],
    "CN-SC": ["Sichuan", "四川"], "CN-SD": ["Shandong", "山东"], "CN-SH": ["Shanghai", "上海"],
    "CN-SN": ["Shaanxi", "陕西"], "CN-SX": ["Shanxi", "山西"], "CN-TJ": ["Tianjin", "天津"],
    "CN-XJ": ["Xinjiang", "新疆"], "CN-XZ": ["Tibet", "西藏"], "CN-YN": ["Yunnan", "云南"],
    "CN-ZJ": ["Zhejiang", "浙江"],
  },
  entities: {
    company: ["Company", "企业"],
    "sole-trader": ["Sole trader", "个体工商户"],
    individual: ["Individual", "个人"],
    government: ["Government body", "政府机关"],
    "public-institution": ["Public institution", "事业单位"],
    "social-organisation": ["Social organisation", "社会团体"],
    "private-non-enterprise": ["Private non-enterprise unit", "民办非企业单位"],
    foundation: ["Foundation", "基金会"],
    "law-firm": ["Law firm", "律师事务所"],
    army: ["Army", "军队"],
    other: ["Other", "其他"],
  },
  filingTypes: {
    initial: ["First filing", "首次备案"],
    transfer: ["Transfer to this provider", "变更接入商（转入）"],
    "new-website-here": ["New website, recorded with this provider", "新增网站（原备案在本接入商）"],
    "new-website-elsewhere": ["New website, recorded with another provider", "新增网站（原备案不在本接入商）"],
    "new-website-recorded": ["Website already recorded, new access", "新增接入"],
    change: ["Change of a filing", "变更备案"],
    "change-access": ["Change of access", "变更接入"],
    cancel: ["Cancellation", "注销备案"],
  },
  channels: {
    web: ["On the website", "网页"],
    "mobile-app": ["By mobile app", "手机应用"],
    mail: ["By mail", "邮寄"],
  },
  contents: {
    news: ["News", "新闻"], publishing: ["Publishing", "出版"],
    "medical-devices": ["Medical devices", "药品和医疗器械"], culture: ["Culture", "文化"],
    broadcasting: ["Broadcasting", "广播电影电视节目"], films: ["Films", "电影"],
    "tv-programs": ["TV programmes", "电视节目"], education: ["Education", "教育"],
    medicine: ["Medicine", "药品"], "health-care": ["Health care", "医疗保健"],
    "car-booking": ["Car booking", "网约车"], "bulletin-board": ["Bulletin boards", "电子公告"],
    finance: ["Finance", "金融"], games: ["Games", "网络游戏"], religion: ["Religion", "宗教"],
  },
} satisfies Record<string, Record<string, Pair>>;

export type Kind = keyof typeof NAMES;

export function name(kind: Kind, id: string): string {
  const names = (NAMES[kind] as Record<string, Pair | undefined>)[id];
  return names?.[language === "en" ? 0 : 1] ?? id;
}

/** The text in the chosen language, else the first. */
export function said(texts: readonly { locale: string; text: string }[]): string {
  return (texts.find((it) => it.locale === language) ?? texts[0])?.text ?? "";
}

/** A size in the units in which the rules are written: 1 MB = 1,048,576 bytes. */
export function bytes(size: number): string {
  const number = (value: number) => String(Math.round(value * 10) / 10);
  if (size < 1024) return `${size} B`;
  if (size < 1024 * 1024) return `${number(size / 1024)} KB`;
  return `${number(size / 1024 / 1024)} MB`;
}
