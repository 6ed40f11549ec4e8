// The X-Ray SDK for Node.js asks our agent which requests to sample, and sends those to it.

const { Segment, middleware } = require("aws-xray-sdk-core");
const { setTimeout: wait } = require("node:timers/promises");

const [shop, silent] = process.argv.slice(2);

function begin(service) {
  const segment = new Segment(service);
  middleware.resolveSampling({}, segment, { req: { headers: {} } });
  return segment;
}

/** Until the rules are there the SDK decides by its own; such segments are not sent. */
async function beginByRule(service) {
  for (;;) {
    const segment = begin(service);
    if (segment.aws.xray.rule_name) return segment;
    await wait(10);
  }
}

function placeOrder(segment) {
  segment.setUser("bob");
  segment.addAnnotation("tenant", "t1");
  segment.addAnnotation("items", 5);
  segment.addAnnotation("express", true);
  segment.addMetadata("cart", { items: [1, null, "é"] });
  const price = segment.addNewSubsegment("price");
  const discount = price.addNewSubsegment("discount");
  discount.addAnnotation("percent", 12.5);
  discount.close();
  price.close();
  const charge = segment.addNewSubsegment("charge");
  charge.addAttribute("namespace", "remote");
  charge.close(new RangeError("no funds"));
  segment.close();
  return JSON.parse(segment.format());
}

async function main() {
  const orders = [placeOrder(await beginByRule(shop)), placeOrder(begin(shop)), placeOrder(begin(shop))];
  const unsampled = Array.from({ length: 5 }, () => begin(silent)).filter((segment) => segment.notTraced).length;
  console.log(JSON.stringify({ orders, unsampled }));
  process.stdin.resume(); // the statistics are reported until standard input ends
}

main();
