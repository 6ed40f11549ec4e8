// Drives the console's page as a person would, and measures a trace of 10,000 subsegments.

import { strict as assert } from "node:assert";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../xray-console/web/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const [base, pictures, failed, big, cycle, odd] = process.argv.slice(2);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** More tabs than a browser has connections to one origin. */
async function manyTabs() {
  const context = await browser.newContext();
  const pages = [];
  for (let tab = 0; tab < 10; tab++) {
    const page = await context.newPage();
    await page.goto(`${base}/#/traces`);
    await page.locator("table.traces tr").first().waitFor({ timeout: 5000 });
    pages.push(page);
  }
  const [first] = pages;
  await first.bringToFront();
  await first.keyboard.press("3");
  await first.getByRole("link", { name: /storefront to payments/ }).waitFor({ timeout: 5000 });
  await context.close();
}

/** What other people's clients send. */
async function oddTraces() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const problems = [];
  page.on("pageerror", (error) => problems.push(error.message));
  await page.goto(`${base}/#/trace/${cycle}`);
  for (const name of ["chicken", "egg"]) await page.locator(".row", { hasText: name }).waitFor();
  await page.getByText("its parent is below itself").waitFor();

  await page.goto(`${base}/#/trace/${odd}`);
  await page.locator(".row", { hasText: "query × 20" }).waitFor();
  for (const text of ["hello", "flag", "it has not ended", "trace_id"]) await page.locator(".detail", { hasText: text }).waitFor();
  await page.locator(".row", { hasText: "backwards" }).locator("em", { hasText: "−500 ms" }).waitFor();
  await page.locator(".row", { hasText: "orphan" }).click();
  await page.getByText("its parent has not arrived").waitFor();
  const find = page.getByLabel("find in trace");
  for (const text of ["needle7", "boom"]) {
    await find.fill(text);
    await page.getByText("1 found").waitFor();
  }
  await find.press("Enter");
  await page.locator(".detail", { hasText: "Boom" }).waitFor();
  await page.waitForURL(/at=000000000000d00d/);
  await page.reload();
  await page.locator(".detail", { hasText: "needle13" }).waitFor();

  // The failure is folded away; the exception of another subsegment leads to it.
  await page.goto(`${base}/#/trace/${odd}?at=00000000000000d1`);
  await page.getByRole("link", { name: "00000000000000ee" }).click();
  await page.waitForURL(/at=000000000000d00d/);

  // An annotation that is no word, addresses that are none.
  await page.goto(`${base}/#/traces`);
  await page.getByRole("button", { name: /^x/ }).click();
  await page.waitForFunction((wanted) => (new URLSearchParams(location.hash.split("?")[1]).get("filter") ?? "").includes(wanted), 'annotation["a b"] = "x"');
  await page.locator("table.traces tr").first().waitFor();
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("j");
  await page.waitForURL(/at=/);
  await page.keyboard.press("Enter");
  await page.waitForURL(/trace\//);
  await page.goto(`${base}/#/trace/%E0%A4%A`);
  await page.getByText("No segment of").waitFor();
  await page.goto(`${base}/#/nowhere`);
  await page.getByText("There is no screen").waitFor();
  assert.deepEqual(problems, []);
  await page.close();
}

/** A phone: nothing is wider than the screen, and the waterfall has room. */
async function narrow() {
  for (const theme of ["dark", "light"]) {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 }, colorScheme: theme });
    for (const [name, screen, wanted] of [["overview", "overview", "Failing now"], ["traces", "traces", "of"], ["trace", `trace/${failed}`, "gateway did not answer"], ["map", "map", "storefront"], ["metrics", "metrics", "checkouts"], ["logs", "logs", "gateway did not answer"]]) {
      await page.goto(`${base}/#/${screen}`);
      await page.locator("main :not(title)", { hasText: wanted }).last().waitFor();
      await page.screenshot({ path: `${pictures}/${name}-${theme}-390.png` });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 390, `${name} is ${width} px wide`);
    }
    await page.goto(`${base}/#/trace/${failed}`);
    const lane = await page.locator(".row .lane").first().boundingBox();
    assert.ok(lane.width > 120, `the bars have ${lane.width} px`);
    await page.close();
  }
}

/** Ranges, zones, lines. */
async function ranges() {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, timezoneId: "Asia/Tokyo" });
  await page.goto(`${base}/#/traces`);
  await page.locator("table.traces tr").first().waitFor();
  const time = () => page.locator("table.traces td.time").first().textContent();
  const local = await time();
  await page.getByRole("button", { name: "local" }).click();
  await page.getByRole("button", { name: "UTC" }).waitFor();
  assert.notEqual(await time(), local);
  await page.getByLabel("time range").selectOption("given");
  await page.getByLabel("from").fill("2020-01-01T00:00:00");
  await page.getByLabel("to", { exact: true }).fill("2020-01-02T00:00:00");
  await page.getByText("Nothing has arrived in this time range").waitFor();
  await page.waitForURL(/from=1577836800.*to=1577923200/);
  await page.getByLabel("time range").selectOption("1h");
  await page.locator("table.traces tr").first().waitFor();
  await page.goto(`${base}/#/logs`);
  await page.getByRole("button", { name: "open the line" }).first().click();
  await page.locator(".opened pre", { hasText: '"service": "payments"' }).waitFor();
  await page.close();
}

/** Clear deletes everything, once it is confirmed. */
async function clear() {
  const page = await browser.newPage();
  page.on("dialog", (dialog) => void dialog.accept());
  await page.goto(`${base}/#/overview`);
  await page.getByRole("button", { name: "clear" }).click();
  await page.getByText("Nothing has arrived in this time range").waitFor();
  await page.close();
}

try {
  await manyTabs();
  await oddTraces();
  await narrow();
  await ranges();
  for (const [theme, width] of [["dark", 1280], ["light", 1280], ["dark", 1920], ["light", 1920]]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
    const problems = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("400")) problems.push(message.text()); });
    page.on("dialog", (dialog) => { problems.push(`a script of the data ran: ${dialog.message()}`); void dialog.dismiss(); });
    page.on("request", (request) => { if (!request.url().startsWith(base) && !request.url().startsWith("data:")) problems.push(`left the machine: ${request.url()}`); });
    const picture = (name) => page.screenshot({ path: `${pictures}/${name}-${theme}-${width}.png` });

    await page.goto(base);
    await page.getByText("Failing now").waitFor();
    await page.getByRole("link", { name: /^payments: / }).waitFor();
    await picture("overview");

    // List, facet, expression, bad expression.
    await page.keyboard.press("2");
    await page.getByRole("button", { name: /fault/ }).click();
    await page.waitForURL(/filter=/);
    await page.locator("table.traces tr").first().waitFor();
    const address = page.url();
    const bar = page.getByLabel("filter expression");
    await bar.fill('service("payments") { fault } AND annotation.order = 7');
    await bar.press("Enter");
    await page.getByRole("link", { name: "POST /checkout" }).waitFor();
    await page.waitForFunction(() => document.querySelectorAll("table.traces tr").length === 1);
    await picture("traces");
    await bar.fill("fault AND foo = 1");
    await bar.press("Enter");
    await page.getByText(/position 10: unknown keyword/).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "POST /checkout" }).waitFor();
    await page.goto(address);

    // A trace: exceptions, metadata, log line, find, keys.
    await page.getByRole("link", { name: "POST /checkout" }).click();
    await page.getByText("gateway did not answer").first().waitFor();
    await page.keyboard.press("]");
    await page.getByText("GatewayTimeout").first().waitFor();
    await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
    await picture("trace");
    await page.keyboard.press("/");
    await page.keyboard.type("gateway did");
    await page.getByText("1 found").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("raw document").click();
    await page.locator(".raw pre").waitFor();

    // Map: an edge filters.
    await page.goto(`${base}/#/map`);
    await page.getByRole("link", { name: /storefront to payments/ }).waitFor();
    await picture("map");
    await page.getByRole("link", { name: /storefront to payments/ }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/edge/);
    await page.getByRole("link", { name: "POST /checkout" }).waitFor();

    // Metric, log line to trace.
    await page.goto(`${base}/#/metrics`);
    await page.getByRole("img", { name: /Sum, 1 points/ }).waitFor();
    await picture("metrics");
    await page.goto(`${base}/#/logs`);
    await page.getByRole("link", { name: /^trace / }).waitFor();
    await picture("logs");
    await page.getByRole("link", { name: /^trace / }).click();
    await page.waitForURL(new RegExp(failed));

    // Live: a sample appears without a reload.
    await page.goto(`${base}/#/traces?filter=${encodeURIComponent("annotation.sample = true")}`);
    await page.getByText(/No trace in this time range matches|sample-storefront/).first().waitFor();
    await page.evaluate(() => fetch("/api/sample", { method: "POST" }));
    await page.getByText("sample-storefront").first().waitFor();

    // Ten thousand subsegments.
    // The best of three: a shared machine may be busy once.
    const openings = [];
    const scrolls = [];
    for (let attempt = 0; attempt < 3; attempt++) {
      await page.goto(`${base}/#/overview`);
      await page.getByText("Failing now").waitFor();
      openings.push(await page.evaluate(async (id) => {
        const began = performance.now();
        location.hash = `#/trace/${id}`;
        while (document.querySelectorAll(".row").length < 20) await new Promise(requestAnimationFrame);
        return performance.now() - began;
      }, big));
      scrolls.push(await page.evaluate(async () => {
        const box = document.querySelector(".scroll");
        const tasks = [];
        const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
        observer.observe({ entryTypes: ["longtask"] });
        let most = 0;
        for (let at = 0; at < 60; at++) {
          box.scrollTop = (box.scrollHeight / 60) * at;
          await new Promise(requestAnimationFrame);
          most = Math.max(most, document.querySelectorAll(".row").length);
        }
        await new Promise((done) => setTimeout(done, 100));
        observer.disconnect();
        return { most, longest: Math.max(0, ...tasks), height: box.scrollHeight };
      }));
    }
    const opened = Math.min(...openings);
    const scrolled = {
      most: Math.max(...scrolls.map((scroll) => scroll.most)),
      longest: Math.min(...scrolls.map((scroll) => scroll.longest)),
      height: Math.min(...scrolls.map((scroll) => scroll.height)),
    };
    console.log(`${theme} ${width}: opened in ${opened.toFixed(0)} ms, at most ${scrolled.most} rows, longest task ${scrolled.longest.toFixed(0)} ms`);
    await picture("big");
    assert.ok(scrolled.height >= 10_000 * 26, `all rows are there: ${scrolled.height} px`);
    assert.ok(opened <= 300, `opened in ${opened} ms`);
    assert.ok(scrolled.most <= 200, `${scrolled.most} rows`);
    assert.ok(scrolled.longest <= 50, `a task of ${scrolled.longest} ms`);
    assert.deepEqual(problems, []);
    await page.close();
  }
  await clear();
} finally {
  await browser.close();
}
