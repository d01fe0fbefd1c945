#!/usr/bin/env python3
"""Runs test portfolios of Derive's PMRM_2 through margin-jsonl: every outcome, both margins and the mark agree, or it fails.

    python3 scripts/risk/peer.py CASE.json...       (make peer CASES=folder)

The cases are the JSON files of `test/risk-managers/unit-tests/PMRM_2/portfolio_cases` in the repository derivexyz/v2-core; they aren't part of
this project. Its engine has the formulas of sections 3 to 5 of our method, with parameters of its own, all of which a line can set.

What the peer lacks is switched off: its table stands in the case, and none of our corrections applies.

What is read differently: a perpetual's unsettled gain is cash here; a token's confidence and haircuts are those of the case; volatilities
are taken as the case marked them, because the peer's surface is flat beyond its last knot. A skew scenario with a spot move is left out: the
peer refuses such by now.
"""
import argparse
import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from decimal import Decimal

# The peer's own tests allow 1e-8; below a hundredth of a dollar 1e-8 of a dollar.
TOLERANCE = 1e-8
SCALE = 1e-2
MODES = {"Up": "up", "Down": "down", "None": "none", "LINEAR": "skew-linear", "ABS": "skew-absolute"}
SKEWS = ("LINEAR", "ABS")


# What our method corrects and the peer's doesn't.
PLAIN = {"calendar_floor": "0", "calendar_slope": "0", "calendar_initial": "0", "vanishing": "0",
         "caps_losses": False, "smooth_confidence": False, "charges_old_surfaces": False}


def number(value):
    """The decimal that the file says, at most 18 digits after the point."""
    return format(Decimal(str(value)).quantize(Decimal(1).scaleb(-18)), "f")


def less_one(value):
    return number(Decimal(str(value)) - 1)


def instrument(option):
    at = datetime.fromtimestamp(option["ExiryTs"], timezone.utc)
    day = at.strftime("%d%b%y").upper().lstrip("0") + ("" if at.hour == 8 else f"T{at.hour:02}")
    strike = number(option["Strike"]).rstrip("0").rstrip(".").replace(".", "d")
    return f"X-{day}-{strike}-{'C' if option['IsCall'] else 'P'}"


def names(renamed, given):
    return {ours: number(given[theirs]) for ours, theirs in renamed.items()}


def parameters(case):
    given, tokens = case["Parameters"], case["Scenario"]["Collaterals"]
    shock, margin, other = given["VolShock"], given["Margin"], given["OtherContingency"]
    basis = given["BasisContingency"]
    return {
        "underlyings": [{"underlying": 1, "symbol": "X", "range": "0.18"} | names(
            {"volatility_up": "VOLRANGEUP", "volatility_down": "VOLRANGEDOWN"}, shock)],
        "collateral": [{"collateral": place, "underlying": 1, "cancels_risk": bool(token["IsRiskCancelling"])} | names(
            {"maintenance_haircut": "MMHaircut", "initial_haircut": "IMHaircut"}, token) for place, token in enumerate(tokens, 1)],
        "scenarios": [{"spot": {"absolute": less_one(row["SpotShock"])}, "volatility": MODES[row["VolShockDirection"]],
                       "weight": number(row["DampeningFactor"])} for row in given["Scenarios"]],
        "scan": names({"initial": "IM_LOSS_FACTOR", "maintenance": "MM_LOSS_FACTOR"}, margin)
        | names({"peg_threshold": "PEG_LOSS_THRESHOLD", "peg_factor": "PEG_LOSS_FACTOR"}, other),
        "volatility": {"floor": str(int(Decimal(str(shock["DTE_FLOOR"])) * 86400))} | names(
            {"short_power": "SHORTTERMPOWER", "long_power": "LONGTERMPOWER", "minimum_up": "MIN_VOL_EVAL_SHOCKED"}, shock),
        "skew": names({"linear_cap": "LINEAR_SCALE_CAP", "linear_slope": "LINEAR_CBASE", "absolute_cap": "ABS_SCALE_CAP",
                       "absolute_slope": "ABS_CBASE", "kstar_minimum": "MIN_K_STAR", "width": "MIN_WIDTH_SCALE",
                       "volatility_static": "VOL_PARAM_STATIC", "volatility_slope": "VOL_PARAM_SCALE"}, given["SkewShock"]),
        "basis": {"up": less_one(basis["SCENARIO_SPOT_UP"]), "down": number(-Decimal(less_one(basis["SCENARIO_SPOT_DOWN"])))} | names(
            {"add": "BASIS_CONT_ADD_FACTOR", "multiplier": "BASIS_CONT_MULT_FACTOR"}, basis),
        "contingencies": names({"perpetual_maintenance": "MM_PERP_PERCENT", "perpetual_initial": "IM_PERP_PERCENT",
                                "option_maintenance": "MM_OPTION_PERCENT", "option_initial": "IM_OPTION_PERCENT",
                                "confidence_threshold": "CONF_THRESHOLD", "confidence_margin": "CONF_MARGIN"}, other),
        "long": names({"base": "BASE_STATIC_DISCOUNT", "multiplier": "LONG_RATE_MULTSCALE", "addition": "LONG_RATE_ADDSCALE"}, margin),
        "short": names({"base": "BASE_STATIC_DISCOUNT_NEG", "multiplier": "SHORT_RATE_MULTSCALE",
                        "addition": "SHORT_RATE_ADDSCALE"}, margin),
        "corrections": PLAIN,
    }


def expiry(feed, now, options):
    marks = {number(o["Strike"]): number(o["MarkVol"]) for o in options if o["Expiry"] == feed["FeedExpiry"]}
    # Not final here, because the peer charges notional until it settles; the range of a dispute is the price itself.
    price = number(feed["Forward"])
    past = {"settlement_price": price, "observed_share": "0", "settlement": {"least": price, "greatest": price}} if feed["FeedExpiry"] == 0 else {}
    return {"underlying": 1, "expiry": now + feed["FeedExpiry"], "volatilities": list(map(list, marks.items()))} | past | names(
        {"forward": "Forward", "rate": "Rate", "forward_confidence": "ForwardConfidence", "rate_confidence": "RateConfidence",
         "volatility_confidence": "OptionVolConfidences"}, feed)


def line(case):
    scene = case["Scenario"]
    options, tokens = scene["Options"], list(enumerate(scene["Collaterals"], 1))
    now = options[0]["ExiryTs"] - options[0]["Expiry"] if options else 0
    underlying = {"underlying": 1} | names({"index": "SpotPrice", "confidence": "SpotConfidence"}, scene)
    positions = [{"instrument": instrument(o), "quantity": number(o["Amount"])} for o in options]
    if scene["NumPerps"]:
        underlying["perpetual"] = names({"mark": "PerpPrice", "confidence": "PerpConfidence"}, scene)
        positions.append({"instrument": "X-PERP", "quantity": number(scene["NumPerps"]), "reference_price": number(scene["PerpPrice"])})
    cash = sum(Decimal(str(scene[name])) for name in ("Cash", "UnrealisedPerpPNL", "UnrealisedFunding"))
    return {
        "id": 1, "now": now, "parameters": parameters(case),
        "market": {
            "stable_price": number(scene["StablePrice"]), "underlyings": [underlying],
            "expiries": [expiry(feed, now, options) for feed in scene["OptionFeeds"] if options],
            "collateral": [{"collateral": place} | names({"price": "Price", "confidence": "Confidence"}, t) for place, t in tokens]},
        "portfolio": {
            "cash": number(cash), "positions": positions,
            "collateral": [{"collateral": place, "amount": number(token["Amount"])} for place, token in tokens]},
    }


def differences(case, answer):
    """The greatest error, and where."""
    wanted = case["Result"]
    pairs = [("MM", answer["maintenance_excess"], wanted["MM"]), ("IM", answer["initial_excess"], wanted["IM"]),
             ("mark", answer["equity"], wanted["PortfolioMTM"])]
    outcomes = answer["underlyings"][0]["pnl"] if answer["underlyings"] else []
    losses = [row[-1] for name in ("reg_losses", "tail_losses", "skew_losses") for row in wanted[name]]
    for place, (row, ours, theirs) in enumerate(zip(case["Parameters"]["Scenarios"], outcomes, losses)):
        if row["VolShockDirection"] not in SKEWS or row["SpotShock"] == 1:
            pairs.append((f"outcome {place}", ours, theirs))
    return max((abs(float(ours) - float(theirs)) / max(SCALE, abs(float(theirs))), where) for where, ours, theirs in pairs)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default="target/release/margin-jsonl")
    parser.add_argument("cases", nargs="+")
    options = parser.parse_args()
    failed, worst = 0, 0.0
    for path in options.cases:
        with open(path) as file:
            case = json.load(file)
        run = subprocess.run([options.binary], input=json.dumps(line(case)), capture_output=True, text=True)
        answer = json.loads(run.stdout)
        error, where = differences(case, answer) if "error" not in answer else (float("inf"), answer["error"])
        if error > TOLERANCE:
            failed += 1
            print(f"{os.path.basename(path)}: {where}: {error:.2g}")
        else:
            worst = max(worst, error)
    print(f"{len(options.cases)} cases, {failed} differ; greatest error of the others {worst:.2g}")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
