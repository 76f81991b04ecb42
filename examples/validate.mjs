import { Client } from "scanvet";

const [address, path] = process.argv.slice(2);
const context = { profile: "alibaba-2019", province: "CN-SH" };
const client = new Client(address, { context });
const result = await client.validatePath(path, "id-card-front");
console.log(result.verdict);
for (const finding of result.findings) console.log(`${finding.reason}: ${finding.text("zh-CN")}`);
client.close();
process.exitCode = result.accepted ? 0 : 1;
