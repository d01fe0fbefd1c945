// Draws the gas of checking a whole book against its size, from snapshots/margin.json and the peers' published engines.

/** Whole transactions with cold storage in forge 1.7.1, contracts of Derive v2-core 7736900: [options, gas]. */
export const PEERS = {
  "PMRM_2 (33 scenarios)": [[1, 934_027], [16, 6_123_427], [64, 21_244_060], [127, 42_593_462]],
  "PMRM (23 scenarios)": [[1, 578_290], [16, 4_104_771], [64, 14_608_088], [127, 29_186_831]],
  "SRM (no revaluation)": [[1, 186_348], [16, 986_580]],
};
/** Reading four positions a slot, market data and the transaction itself. */
export const FLOOR = [[1, 34_176], [16, 53_076], [64, 78_276], [127, 128_676]];
/** Expiries of the workload at each size, as the peers were measured. */
export const WORKLOADS = [[1, 1], [16, 4], [64, 4], [127, 8], [256, 8]];

export const sizeKey = (options) => String(options).padStart(3, "0");

/** Our figure for a workload: `kind` is cached or uncached. */
export const ours = (snapshot, options, expiries, kind = "cached") => snapshot.check[expiries][sizeKey(options)][kind];

const [WIDTH, HEIGHT] = [860, 470];
const FRAME = { left: 78, right: 650, top: 54, bottom: 410 };
const X = { from: 1, to: 256 };
const Y = { from: 20_000, to: 60_000_000 };

const place = ({ from, to }, value, start, end) => start + ((end - start) * Math.log(value / from)) / Math.log(to / from);
const x = (options) => place(X, options, FRAME.left, FRAME.right).toFixed(1);
const y = (gas) => place(Y, gas, FRAME.bottom, FRAME.top).toFixed(1);
const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
const millions = (gas) => (gas >= 1e6 ? `${gas / 1e6} M` : `${gas / 1e3} k`);

function line(points, { color, label, dash = "", width = 2, shift = 4 }) {
  const path = points.map(([options, gas], i) => `${i ? "L" : "M"}${x(options)} ${y(gas)}`).join(" ");
  const dots = points.map(([options, gas]) => `<circle cx="${x(options)}" cy="${y(gas)}" r="3" fill="${color}"/>`).join("");
  const [options, gas] = points.at(-1);
  const text = `<text x="${Number(x(options)) + 9}" y="${Number(y(gas)) + shift}" fill="${color}" font-weight="600">${escaped(label)}</text>`;
  return `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash}"/>${dots}${text}`;
}

/** The chart as SVG text. */
export function chart(snapshot) {
  const own = (kind) => WORKLOADS.map(([options, expiries]) => [options, ours(snapshot, options, expiries, kind)]);
  const rows = [100e3, 1e6, 10e6].map((gas) =>
    `<path d="M${FRAME.left} ${y(gas)}H${FRAME.right}" stroke="#ddd"/><text x="${FRAME.left - 8}" y="${Number(y(gas)) + 4}" text-anchor="end">${millions(gas)}</text>`);
  const columns = [1, 4, 16, 64, 127, 256].map((options) =>
    `<path d="M${x(options)} ${FRAME.top}V${FRAME.bottom}" stroke="#eee"/><text x="${x(options)}" y="${FRAME.bottom + 18}" text-anchor="middle">${options}</text>`);
  const limit = `<path d="M${FRAME.left} ${y(32e6)}H${FRAME.right}" stroke="#999" stroke-dasharray="2 3"/>` +
    `<text x="${FRAME.left + 6}" y="${Number(y(32e6)) - 5}">32 M: most gas of a transaction on Arbitrum</text>`;
  const lines = [
    line(PEERS["PMRM_2 (33 scenarios)"], { color: "#b3402a", label: "PMRM_2, 33 scenarios", shift: -2 }),
    line(PEERS["PMRM (23 scenarios)"], { color: "#c9853f", label: "PMRM, 23 scenarios", shift: 12 }),
    line(PEERS["SRM (no revaluation)"], { color: "#8a7d55", label: "SRM, no revaluation" }),
    line(own("uncached"), { color: "#6f9bd1", label: "Novate, programs uncached", dash: "5 4", shift: -4 }),
    line(own("cached"), { color: "#1d4f91", label: "Novate, 37 scenarios", width: 3, shift: 12 }),
    line(FLOOR, { color: "#4a8a5c", label: "floor: reading the book", dash: "2 3", shift: 14 }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="Gas of checking a whole book against the number of its options" font-family="system-ui, sans-serif" font-size="12" fill="#444">
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${FRAME.left}" y="24" font-size="16" font-weight="600" fill="#111">Checking a whole book: gas of the transaction, by number of options</text>
<text x="${FRAME.left}" y="41">cold storage; both axes are logarithmic; expiries: 1, 4, 4, 8, 8</text>
${[...columns, ...rows, limit, ...lines].join("\n")}
<text x="${(FRAME.left + FRAME.right) / 2}" y="${HEIGHT - 16}" text-anchor="middle">options in the book</text>
</svg>
`;
}
