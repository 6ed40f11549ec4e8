// An empty page is a lesson: three lines to copy.

import type { JSX } from "preact";
import { sendSample } from "./api";

export function Empty(): JSX.Element {
  const endpoint = location.origin;
  const lines: [string, string][] = [
    ["point AWS SDKs, the CLI or the agent here", `export AWS_ENDPOINT_URL=${endpoint} AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local`],
    ["in a Rust service", `let _xray = xray_sdk::init("my-service")?;`],
    ["see whether it works", `aws sts get-caller-identity`],
  ];
  return <div class="empty">
    <p>Nothing has arrived in this time range.</p>
    {lines.map(([what, line]) => <div key={what}>
      <label>{what}</label>
      <div class="copy"><code>{line}</code><button onClick={() => void navigator.clipboard.writeText(line)}>copy</button></div>
    </div>)}
    <button class="primary" onClick={() => void sendSample()}>send a sample trace</button>
  </div>;
}
