#include "spec/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "spec/run_id.h"
#include "spec/small_data_test.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string ErrorOf(const std::map<std::string, std::string>& settings) {
  try {
    Resolve(settings);
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ResolveRun, Defaults) {
  const RunSpec run = Resolve({});
  EXPECT_EQ(run.activation->name, "tanh");
  EXPECT_EQ(run.init->name, "xavier_normal");
  EXPECT_EQ(run.loss->name, "probe");
  EXPECT_EQ(run.depth(), 10u);
  EXPECT_EQ(CanonicalRun(run),
            "shape=256x256x256x256x256x256x256x256x256x256x256\n");
}

TEST(ResolveRun, DataGivesWidthsLossAndStandardization) {
  const RunSpec run = Resolve(
      {{"input", "small"}, {"batch", "2"}, {"depth", "2"}, {"width", "5"}});
  EXPECT_EQ(run.Shape(), "3x5x3");
  EXPECT_EQ(run.loss->name, "softmax_cross_entropy");
  EXPECT_EQ(run.standardize, Standardize::kGlobal);
  EXPECT_EQ(CanonicalRun(run),
            "batch=2\ninput=sha256:d1\nlabels=sha256:d2\nshape=3x5x3\n");
}

TEST(ResolveRun, AliasesAndDefaultsGiveTheSameId) {
  EXPECT_EQ(Resolve({{"init", "glorot_normal"}}).run_id, Resolve({}).run_id);
  EXPECT_EQ(Resolve({{"init", "Glorot_Normal"}, {"activation", "TanH"}}).run_id,
            Resolve({}).run_id);
  EXPECT_EQ(Resolve({{"gain", "1.0"}, {"loss", "probe"}}).run_id,
            Resolve({}).run_id);
  EXPECT_EQ(Resolve({{"shape", "256x256"}}).run_id,
            Resolve({{"depth", "1"}}).run_id);
  EXPECT_NE(Resolve({{"gain", "1.5"}}).run_id, Resolve({}).run_id);
}

// Of an initializer that has biases; what was the default before it had keeps
// its run_id, and so do the biases asked for by name.
TEST(ResolveRun, ASchemesOwnBiasesAreItsDefault) {
  const auto resolve = [](std::map<std::string, std::string> settings) {
    settings.insert(
        {{"init", "torch_default"}, {"shape", "6x5x3"}, {"batch", "4"}});
    return Resolve(settings);
  };
  const RunSpec alone = resolve({});
  EXPECT_EQ(alone.bias_init, BiasInit::kTorchDefault);
  EXPECT_EQ(RunIdHex(alone.run_id), "cffab82945aa0e03");
  EXPECT_EQ(resolve({{"bias_init", "torch_default"}}).run_id, alone.run_id);
  for (const auto& settings : std::vector<std::map<std::string, std::string>>{
           {{"bias_std", "0"}},
           {{"bias_init", "normal"}},
           {{"bias_init", "normal"}, {"bias_std", "0"}}}) {
    const RunSpec none = resolve(settings);
    EXPECT_EQ(none.bias_init, BiasInit::kNormal);
    EXPECT_EQ(none.bias_std, 0);
    EXPECT_EQ(RunIdHex(none.run_id), "ab6830ce401567d1");
  }
  const RunSpec some = resolve({{"bias_std", "0.5"}});
  EXPECT_EQ(some.bias_init, BiasInit::kNormal);
  EXPECT_EQ(some.bias_std, 0.5);
  for (const Initializer& init : Initializers()) {
    EXPECT_EQ(Resolve({{"init", std::string(init.name)}}).bias_init,
              init.biases);
  }
}

TEST(ResolveRun, RefusesNonsenseWithItsPlace) {
  EXPECT_THAT(ErrorOf({{"init", "xaiver_normal"}}),
              HasSubstr("f:1: unknown init 'xaiver_normal'; did you mean "
                        "'xavier_normal'?"));
  EXPECT_THAT(ErrorOf({{"depth", "0"}}), HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf({{"gain", "nan"}}), HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf({{"gain", "abc"}}), HasSubstr("not a number"));
  EXPECT_THAT(ErrorOf({{"shape", "3x"}}), HasSubstr("784x300x10"));
  EXPECT_THAT(ErrorOf({{"input", "small"}, {"shape", "4x3"}, {"batch", "2"}}),
              HasSubstr("has 3 features"));
  EXPECT_THAT(ErrorOf({{"input", "small"}, {"shape", "3x4"}, {"batch", "2"}}),
              HasSubstr("3 classes"));
  EXPECT_THAT(ErrorOf({{"input", "small"}, {"batch", "4"}, {"batches", "2"}}),
              HasSubstr("8 samples asked for"));
  EXPECT_THAT(ErrorOf({{"input", "small"}, {"classes", "0,9"}, {"batch", "2"}}),
              HasSubstr("no sample of class 9"));
  EXPECT_THAT(ErrorOf({{"standardize", "global"}}), HasSubstr("drawn"));
  EXPECT_THAT(ErrorOf({{"loss", "softmax_cross_entropy"}, {"shape", "3x1"}}),
              HasSubstr("softmax over one output"));
}

TEST(ResolveRun, ReadsALongListOfClasses) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"classes", "   2,     0,    1    "},
                               {"batch", "2"}});
  EXPECT_EQ(run.classes, "2,0,1");
}

}  // namespace
}  // namespace initscope
