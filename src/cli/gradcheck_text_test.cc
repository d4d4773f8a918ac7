#include "cli/gradcheck_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "check/engine_gradients.h"
#include "engine/oracle_test.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class GradcheckText : public ::testing::Test {
 protected:
  GradcheckText() {
    run_ = MakeRun({{"shape", "3x4x3x2"},
                    {"batch", "3"},
                    {"bias_std", "0.5"},
                    {"loss", "mse"},
                    {"seed", "7"},
                    {"precision", "float64"}});
    gradients_ = ComputeGradients(run_, nullptr);
  }
  GradientReport Check() { return CheckGradients(run_, gradients_, {}); }

  RunSpec run_;
  EngineGradients gradients_;
};

TEST_F(GradcheckText, NamesTensorAndRunOfAFailure) {
  gradients_.dw[1](2, 1) += 0.5;
  const GradientReport report = Check();
  const std::string line = FailureText(run_, report);
  EXPECT_EQ(line, "run " + RunIdHex(run_.run_id) +
                      " (tanh, xavier_normal, gain 1, seed 7; 3x4x3x2; mse): "
                      "dW_1 is not the derivative of the loss");
  EXPECT_THAT(RunLine(run_, report), StartsWith("FAILED run "));
  EXPECT_THAT(RunLine(run_, report), HasSubstr("dW_1 (2, 1)"));
  const std::string table = GradientTable(report);
  EXPECT_THAT(table, ContainsRegex("dW_1 .*FAILED: 1 of 12 entries\n"));
  EXPECT_THAT(table, ContainsRegex("dW_1 \\(2, 1\\): analytic [-0-9.]+, "
                                   "central difference [-0-9.]+ ± "));
  EXPECT_THAT(table, ContainsRegex("dW_0 .*ok\n"));

  gradients_.delta[3](0, 0) += 0.5;
  EXPECT_THAT(FailureText(run_, Check()),
              HasSubstr("delta_3, dW_1 are not the derivative of the loss; "
                        "look at delta_3 first"));
}

TEST_F(GradcheckText, SaysWhenTheLossItselfDiffers) {
  gradients_.loss += 0.25;
  const GradientReport report = Check();
  EXPECT_THAT(FailureText(run_, report), ContainsRegex(": the loss is .*, of "
                                                       "the plain pass "));
  EXPECT_THAT(GradientTable(report), ContainsRegex("bound .*: FAILED\n"));
}

TEST_F(GradcheckText, SaysWhatWasNotCompared) {
  TensorCheck tensor;
  EXPECT_EQ(Verdict(tensor), "not differentiable");
  tensor.checked = 3;
  EXPECT_EQ(Verdict(tensor), "ok: all 0");
  tensor.at_kink = 2;
  tensor.scale = 1;
  tensor.loosest_bound = 1e-3;
  EXPECT_EQ(Verdict(tensor), "ok; 2 at a kink");
  tensor.loosest_bound = 0.5;
  EXPECT_EQ(Verdict(tensor), "too small: below 5.0e-01; 2 at a kink");
  tensor.failed = 1;
  EXPECT_EQ(Verdict(tensor), "FAILED: 1 of 3 entries; 2 at a kink");
}

TEST_F(GradcheckText, PutsLogitsBesideTheDerivative) {
  const std::string text =
      LogitsText(run_, DifferentiateLosses(gradients_.parameters, 2));
  EXPECT_THAT(text, HasSubstr("sample 1: ℓ = "));
  EXPECT_THAT(text, Not(HasSubstr("sample 2: ℓ = ")));
  EXPECT_THAT(text, HasSubstr("delta_L = (X_L - Y)/(m c)"));
}

}  // namespace
}  // namespace initscope
