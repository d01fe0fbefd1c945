"""Tests of the scripts about the margin engine: reading a peer's cases, and the reports of campaigns."""
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "risk"))
import peer  # noqa: E402
import reports  # noqa: E402

NOW = 1_743_148_800 - 3_600


def case():
    """One option, a perpetual and a token, in the peer's form."""
    return {
        "Scenario": {
            "Cash": 5.5, "SpotPrice": 2000.0, "SpotConfidence": 1.0, "NumPerps": -0.25, "PerpPrice": 2001.0, "PerpConfidence": 0.9,
            "UnrealisedPerpPNL": -3.0, "UnrealisedFunding": 0.5, "StablePrice": 1.0,
            "Collaterals": [{"Amount": 2.0, "Price": 1999.5, "Confidence": 0.8, "IsRiskCancelling": 1, "MMHaircut": 0.1,
                             "IMHaircut": 0.05}],
            "Options": [{"Expiry": 3_600, "ExiryTs": NOW + 3_600, "Strike": 2000.5, "IsCall": 0, "MarkVol": 0.6,
                         "Amount": 1.2345678901234567}],
            "OptionFeeds": [{"FeedExpiry": 3_600, "Forward": 2002.0, "Rate": 0.1, "ForwardConfidence": 1.0, "RateConfidence": 1.0,
                             "OptionVolConfidences": 0.95}],
        },
        "Parameters": {
            "Scenarios": [{"SpotShock": 0.82, "VolShockDirection": "Up", "DampeningFactor": 1},
                          {"SpotShock": 1.18, "VolShockDirection": "LINEAR", "DampeningFactor": 5}],
            "VolShock": {"VOLRANGEUP": 0.5, "VOLRANGEDOWN": 0.3, "SHORTTERMPOWER": 0.3, "LONGTERMPOWER": 0.13, "DTE_FLOOR": 0.5,
                         "MIN_VOL_EVAL_SHOCKED": 0.4},
            "Margin": {"IM_LOSS_FACTOR": 1, "MM_LOSS_FACTOR": 0.8, "LONG_RATE_MULTSCALE": 1, "SHORT_RATE_MULTSCALE": 0.5,
                       "LONG_RATE_ADDSCALE": 0.1, "SHORT_RATE_ADDSCALE": 0.1, "BASE_STATIC_DISCOUNT": 0.95,
                       "BASE_STATIC_DISCOUNT_NEG": 1.04},
            "BasisContingency": {"SCENARIO_SPOT_UP": 1.045, "SCENARIO_SPOT_DOWN": 0.955, "BASIS_CONT_ADD_FACTOR": 19.99,
                                 "BASIS_CONT_MULT_FACTOR": 2},
            "OtherContingency": {"PEG_LOSS_THRESHOLD": 0.98, "PEG_LOSS_FACTOR": 2, "CONF_THRESHOLD": 0.55, "CONF_MARGIN": 1,
                                 "MM_PERP_PERCENT": 0.03, "IM_PERP_PERCENT": 0.01, "MM_OPTION_PERCENT": 0.003,
                                 "IM_OPTION_PERCENT": 0.002},
            "SkewShock": {"LINEAR_SCALE_CAP": 0.15, "LINEAR_CBASE": -0.05, "ABS_SCALE_CAP": 0.15, "ABS_CBASE": -0.05,
                          "MIN_K_STAR": 0.01, "MIN_WIDTH_SCALE": 4, "VOL_PARAM_STATIC": 0.6, "VOL_PARAM_SCALE": -0.1},
        },
        "Result": {"MM": 10.0, "IM": 8.0, "PortfolioMTM": 20.0, "reg_losses": [["-0.18", 1, "-5"]], "tail_losses": [],
                   "skew_losses": [["LINEAR", "-1"]]},
    }


class Peer(unittest.TestCase):
    def test_a_case_becomes_a_line(self):
        line = peer.line(case())
        self.assertEqual(line["now"], NOW)
        option, perpetual = line["portfolio"]["positions"]
        self.assertEqual(option, {"instrument": "X-28MAR25-2000d5-P", "quantity": "1.234567890123456700"})
        self.assertEqual(perpetual["quantity"], "-0.250000000000000000")
        self.assertEqual(line["portfolio"]["cash"], "3.000000000000000000")
        self.assertEqual(line["portfolio"]["collateral"], [{"collateral": 1, "amount": "2.000000000000000000"}])
        parameters = line["parameters"]
        self.assertEqual(parameters["basis"]["up"], parameters["basis"]["down"])
        self.assertEqual(parameters["basis"]["add"], "19.990000000000000000")
        self.assertEqual(parameters["volatility"]["floor"], "43200")
        self.assertEqual(parameters["scenarios"][0]["spot"], {"absolute": "-0.180000000000000000"})
        [expiry] = line["market"]["expiries"]
        self.assertEqual(expiry["expiry"], NOW + 3_600)
        self.assertEqual(expiry["volatilities"], [["2000.500000000000000000", "0.600000000000000000"]])
        self.assertNotIn("settlement_price", expiry)

    def test_the_greatest_difference_is_named_and_skews_with_a_move_are_left_out(self):
        answer = {"maintenance_excess": "10", "initial_excess": "8", "equity": "20.000002",
                  "underlyings": [{"pnl": ["-5.00005", "77"]}]}
        error, where = peer.differences(case(), answer)
        self.assertEqual(where, "outcome 0")
        self.assertAlmostEqual(error, 1e-5)


class Reports(unittest.TestCase):
    def section(self, text, closing):
        with tempfile.NamedTemporaryFile("w", suffix=".log") as file:
            file.write(text)
            file.flush()
            return reports.section(file.name, closing)

    def test_table_and_closing_line_are_taken(self):
        text = "1000 books\n\n| what | books |\n| --- | --- |\n| a | 1 |\n\n7 books: 0 disagree; fine\n12 s\n"
        self.assertEqual(self.section(text, "disagree"), "\n**7 books: 0 disagree; fine**\n\n| what | books |\n| --- | --- |\n| a | 1 |\n")

    def test_a_campaign_that_was_stopped_has_no_report(self):
        with self.assertRaises(SystemExit):
            self.section("1000 books\n", "disagree")


if __name__ == "__main__":
    unittest.main()
