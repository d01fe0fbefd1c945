"""What a book of margin-jsonl exercises, by name: how often a campaign met the edges that it claims to test."""


def sizes(count, steps):
    """The bucket of a count."""
    for low, high in steps:
        if low <= count <= high:
            return f"{low}" if low == high else f"{low}-{high}"
    return f"{count}"


def features(line):
    """Names of everything in the line that is worth counting."""
    now, given, market, portfolio = line["now"], line["parameters"], line["market"], line["portfolio"]
    found = set()
    symbols = {u["symbol"]: u["underlying"] for u in given["underlyings"]}
    names = [p["instrument"].split("-") for p in portfolio["positions"]]
    perpetuals = {symbols[n[0]] for n in names if n[1] == "PERP"}
    dated = {(symbols[n[0]], n[1]) for n in names if n[1] != "PERP"}
    by_underlying = {u: sum(1 for x, _ in dated if x == u) for u in symbols.values()}
    found.add("positions " + sizes(len(names), [(0, 0), (1, 1), (2, 8), (9, 64), (65, 128), (129, 255), (256, 256)]))
    found.add("expiries held of one underlying " + sizes(max(by_underlying.values()), [(0, 0), (1, 1), (2, 6), (7, 11), (12, 12)]))
    found.add(f"underlyings {len({symbols[n[0]] for n in names})}")
    tenors = {}
    for n, p in zip(names, portfolio["positions"]):
        if len(n) == 2:
            tenors.setdefault(symbols[n[0]], {})[n[1]] = float(p["quantity"])
    if any(min(held.values()) < 0 < max(held.values()) for held in tenors.values()):
        found.add("delta-one across tenors")
    for u in market["underlyings"]:
        level = u.get("validity", "valid")
        if level != "valid":
            found.add("index " + level)
        if level in ("invalid", "too-volatile"):
            age = now - u["updated_at"]
            found.add("broken for " + ("a day" if age <= 86400 else "one to four days" if age < 4 * 86400 else "four days or more"))
        if "slow_price" in u:
            found.add("slow price")
    if "corrections" in given:
        found.add("random corrections")
    if "pool" in portfolio:
        found.add("pool shares")
    if perpetuals:
        found.add("perpetual held")
    if any(len(n) == 2 and n[1] != "PERP" for n in names):
        found.add("future held")
    if any("perpetual" not in u for u in market["underlyings"] if u["underlying"] in perpetuals):
        found.add("perpetual held, not marked")
    for e in market["expiries"]:
        left = e["expiry"] - now
        part = "forward_fixed" in e or "forward_variable" in e
        if left <= 0:
            known = "proposed" if isinstance(e.get("settlement"), dict) else "final"
            found.add("expired, price " + (known if "settlement_price" in e else "observed in part" if part else "not known"))
        elif left < 1800:
            found.add("inside the settlement window, " + ("observed in part" if part else "nothing observed"))
        if left > 0 and now - e.get("model_time", now) > 3600:
            found.add("surface older than an hour")
        if 0 < left < 8 * 86400:
            found.add("options' value vanishes (under 8 days)")
        elif left < 86400:
            found.add("expires within a day")
        if left > 365 * 86400:
            found.add("expires in over a year")
        if float(e["rate"]) < 0:
            found.add("negative rate")
        if "volatilities" in e:
            found.add("volatilities by strike")
        elif abs(float(e["svi"]["rho"])) > 0.9 or float(e["svi"]["sigma"]) < 0.01:
            found.add("extreme surface (|rho| > 0.9 or sigma < 0.01)")
    threshold = float(given.get("contingencies", {}).get("confidence_threshold", 0.55))
    for where, x in (("index", u) for u in market["underlyings"]):
        if float(x["confidence"]) < threshold:
            found.add(f"low confidence: {where}")
        if "perpetual" in x and float(x["perpetual"]["confidence"]) < threshold:
            found.add("low confidence: perpetual")
    for e in market["expiries"]:
        found |= {f"low confidence: {name}" for name in ("forward", "rate", "volatility") if float(e[name + "_confidence"]) < threshold}
    if any(float(c["confidence"]) < threshold for c in market.get("collateral", [])):
        found.add("low confidence: collateral")
    if float(market["stable_price"]) < float(given.get("scan", {}).get("peg_threshold", 0.99)):
        found.add("stable coin below its peg")
    if "collateral" in portfolio:
        found.add("collateral")
        if any(c["cancels_risk"] for c in given["collateral"]):
            found.add("collateral that cancels risk")
    if "scan" in given:
        found.add("random parameters of sections 3-5")
    if "scenarios" in given:
        found.add("random scenario table")
        if len(given["scenarios"]) == 64:
            found.add("64 scenarios")
    found.add("mode " + given.get("mode", "portfolio"))
    found |= section_6(given)
    return found


def section_6(given):
    found = set()
    ranges = [u["range"] for u in given["underlyings"]]
    if any(isinstance(x, dict) and "multiple" in x for x in ranges):
        found.add("range by the rule of volatility")
    if any(isinstance(x, dict) and "from" in x for x in ranges):
        found.add("range on a ramp")
    extensions = given.get("extensions")
    if extensions is None:
        return found
    groups = [u.get("group", 0) for u in given["underlyings"]]
    if groups.count(1) > 1:
        found.add("two or more underlyings in a group with offset")
    if any(isinstance(o["offset"], dict) for o in extensions["offsets"]):
        found.add("offset by correlation")
    if any(not isinstance(o["offset"], dict) and float(o["offset"]) <= 0.000001 for o in extensions["offsets"]):
        found.add("offset of nothing, or almost")
    for name in ("floor_net", "floor_hedged", "gamma", "liquidity_rate"):
        if float(extensions[name]) > 0:
            found.add({"gamma": "gamma charge", "liquidity_rate": "liquidity charge"}.get(name, name.replace("_", " of ")))
    return found
