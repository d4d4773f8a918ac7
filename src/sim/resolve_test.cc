#include "sim/resolve.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "sim/batch_source.h"
#include "sim/run_id.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Six samples of three features with labels 0, 1, 2, 0, 1, 2.
InputData SmallData(const std::string&, const std::string&) {
  InputData data;
  data.name = "small";
  data.samples = 6;
  data.width = 3;
  for (int i = 0; i < 18; ++i) data.reals.push_back(i % 5 + i / 3);
  for (size_t i = 0; i < 6; ++i) data.reals[3 * i + 2] = 7;  // constant
  data.labels = {0, 1, 2, 0, 1, 2};
  data.sha256 = "d1";
  data.labels_sha256 = "d2";
  return data;
}

RunSpec Resolve(const std::map<std::string, std::string>& settings) {
  SweepPoint point;
  for (const auto& [key, value] : settings) point[key] = {value, "f:1"};
  InputCatalog catalog(SmallData);
  return ResolveRun(point, &catalog);
}

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
  EXPECT_THAT(run.widths, testing::Each(256u));
  EXPECT_EQ(CanonicalRun(run),
            "shape=256x256x256x256x256x256x256x256x256x256x256\n");
}

TEST(ResolveRun, DataGivesWidthsLossAndStandardization) {
  const RunSpec run = Resolve(
      {{"input", "small"}, {"batch", "2"}, {"depth", "2"}, {"width", "5"}});
  EXPECT_THAT(run.widths, ElementsAre(3u, 5u, 3u));
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

TEST(SampleSet, StandardizesInDouble) {
  InputCatalog catalog(SmallData);
  const size_t input = catalog.Find("small", "");
  const auto features = catalog.Samples(input, {}, 0, Standardize::kFeatures);
  std::vector<double> sum(3, 0), squares(3, 0), row(3);
  for (size_t i = 0; i < 6; ++i) {
    features->CopySample(i, row.data());
    for (size_t j = 0; j < 3; ++j) {
      sum[j] += row[j];
      squares[j] += row[j] * row[j];
    }
  }
  for (size_t j = 0; j < 2; ++j) {
    EXPECT_NEAR(sum[j], 0, 1e-14);
    EXPECT_NEAR(squares[j], 6, 1e-13);
  }
  EXPECT_EQ(squares[2], 0);  // the constant feature
}

// Rows of `reals`, three features each.
std::vector<double> Standardized(const std::vector<double>& reals,
                                 Standardize standardize) {
  InputCatalog catalog([&](const std::string&, const std::string&) {
    InputData data;
    data.samples = reals.size() / 3;
    data.width = 3;
    data.reals = reals;
    return data;
  });
  const auto set = catalog.Samples(catalog.Find("", ""), {}, 0, standardize);
  std::vector<double> out(reals.size());
  for (size_t i = 0; i < set->samples(); ++i)
    set->CopySample(i, out.data() + 3 * i);
  return out;
}

TEST(SampleSet, StandardizesUpToTheLimitsOfDouble) {
  const std::vector<double> plain = {1, 2, -3, 4, 5, 6, -7, 8, 9.5};
  for (const auto standardize :
       {Standardize::kFeatures, Standardize::kGlobal}) {
    const std::vector<double> expected = Standardized(plain, standardize);
    for (const int power :
         {-1000, -600, -512, -450, -350, 350, 450, 500, 512, 600, 1000, 1020}) {
      std::vector<double> scaled = plain;
      for (double& x : scaled) x = std::ldexp(x, power);
      // A power of two changes no bit.
      EXPECT_EQ(Standardized(scaled, standardize), expected) << power;
    }
    // Denormal numbers, and the sum of both ends of the range.
    std::vector<double> tiny = plain;
    for (double& x : tiny) x = 2 * x * 5e-324;
    EXPECT_EQ(Standardized(tiny, standardize), expected);
    const double most = std::numeric_limits<double>::max();
    for (double x : Standardized(
             {most, -most, most, -most, most, most, most, -most, -most},
             standardize)) {
      EXPECT_NEAR(std::abs(x), 1, 0.5);
    }
  }
}

TEST(SampleSet, StandardizesFeaturesOfAllMagnitudes) {
  // The second is constant; each feature has its own scale.
  const std::vector<double> found = Standardized(
      {1e300, 1e300, 1e-300, -1e300, 1e300, -1e-300, 3e300, 1e300, 3e-300},
      Standardize::kFeatures);
  const double far = 2 / std::sqrt(8.0 / 3);
  const std::vector<double> expected = {0, 0, 0, -far, 0, -far, far, 0, far};
  for (size_t i = 0; i < 9; ++i) EXPECT_NEAR(found[i], expected[i], 1e-15);
  for (const double value : {1e308, 1e-308, 5e-324, 0.0}) {
    for (const auto standardize :
         {Standardize::kFeatures, Standardize::kGlobal}) {
      EXPECT_THAT(Standardized(std::vector<double>(6, value), standardize),
                  testing::Each(0.0));
    }
  }
}

TEST(SampleSet, KeepsClassesAndNumbersThemAnew) {
  InputCatalog catalog(SmallData);
  const auto set =
      catalog.Samples(catalog.Find("small", ""), {2, 0}, 0, Standardize::kNone);
  ASSERT_EQ(set->samples(), 4u);
  EXPECT_EQ(set->classes(), 2u);
  EXPECT_EQ(set->Label(0), 1u);  // sample 0, of class 0
  EXPECT_EQ(set->Label(1), 0u);  // sample 2, of class 2
}

TEST(ResolveRun, ReadsALongListOfClasses) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"classes", "   2,     0,    1    "},
                               {"batch", "2"}});
  EXPECT_EQ(run.classes, "2,0,1");
}

TEST(SampleSet, OrderIsAPermutationOfDataSeed) {
  InputCatalog catalog(SmallData);
  const auto set =
      catalog.Samples(catalog.Find("small", ""), {}, 0, Standardize::kNone);
  std::vector<uint32_t> order = set->Order(3);
  EXPECT_EQ(order, set->Order(3));
  EXPECT_NE(order, set->Order(4));
  std::sort(order.begin(), order.end());
  EXPECT_THAT(order, ElementsAre(0u, 1u, 2u, 3u, 4u, 5u));
}

TEST(BatchSource, TargetsAreSmoothedOneHotRows) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"batch", "3"},
                               {"depth", "1"},
                               {"label_smoothing", "0.3"}});
  const Matrix<double> y = MakeTargets(run, 1);
  for (size_t i = 0; i < 3; ++i) {
    const size_t label = run.samples->Label((*run.order)[3 + i]);
    for (size_t j = 0; j < 3; ++j) {
      EXPECT_NEAR(y(i, j), j == label ? 0.8 : 0.1, 1e-15);
    }
  }
}

TEST(BatchSource, TwoClassesMayShareASigmoid) {
  const RunSpec run = Resolve({{"input", "small"},
                               {"classes", "1,2"},
                               {"batch", "4"},
                               {"loss", "sigmoid_cross_entropy"},
                               {"shape", "3x1"}});
  const Matrix<double> y = MakeTargets(run, 0);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(y(i, 0), run.samples->Label((*run.order)[i]));
  }
}

TEST(BatchSource, GaussianInputsHaveTheirVarianceAndCorrelation) {
  const RunSpec run = Resolve({{"width", "4000"},
                               {"depth", "1"},
                               {"batch", "8"},
                               {"input_variance", "4"},
                               {"input_correlation", "0.75"}});
  ScaledMatrix<double> x;
  FillInputs(run, 0, &x);
  const auto dot = [&](size_t a, size_t b) {
    double sum = 0;
    for (size_t j = 0; j < 4000; ++j) {
      sum += x.mantissa(a, j) * x.mantissa(b, j);
    }
    return sum / 4000;
  };
  // Five standard errors: √(2/n)·variance.
  for (size_t i = 0; i < 8; ++i) {
    EXPECT_NEAR(dot(i, i), 4, 4 * 5 * std::sqrt(2.0 / 4000));
    if (i > 0) {
      EXPECT_NEAR(dot(0, i), 3, 4 * 5 * std::sqrt(2.0 / 4000));
    }
  }
}

TEST(BatchSource, SphereInputsHaveTheirRadius) {
  const RunSpec run = Resolve({{"input", "sphere"},
                               {"width", "50"},
                               {"input_variance", "2"},
                               {"batch", "4"}});
  ScaledMatrix<double> x;
  FillInputs(run, 0, &x);
  for (size_t i = 0; i < 4; ++i) {
    double squares = 0;
    for (size_t j = 0; j < 50; ++j) {
      squares += x.mantissa(i, j) * x.mantissa(i, j);
    }
    EXPECT_NEAR(squares, 100, 1e-12);
  }
}

TEST(BatchSource, BatchesGoThroughTheSamplesOnce) {
  const RunSpec run = Resolve({{"batch", "3"}, {"width", "5"}});
  const RunSpec whole = Resolve({{"batch", "6"}, {"width", "5"}});
  ScaledMatrix<double> second, all;
  FillInputs(run, 1, &second);
  FillInputs(whole, 0, &all);
  for (size_t j = 0; j < 5; ++j) {
    EXPECT_EQ(second.mantissa(0, j), all.mantissa(3, j));
  }
}

}  // namespace
}  // namespace initscope
