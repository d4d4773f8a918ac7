// Damaged experiment files: each is resolved into runs, or refused in one line.

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

#include "base/error.h"
#include "base/mutations_test.h"
#include "base/quoted_text.h"
#include "cli/experiment_file.h"
#include "spec/resolve.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

constexpr std::string_view kOriginals[] = {
    "# a sweep\n"
    "activation = sigmoid, ReLU, leaky_relu\n"
    "init = xavier_normal, he_normal  # two\n"
    "seed = range(0, 4)\n"
    "gain = linspace(0.5, 2, 3)\n"
    "depth = 3\n"
    "width = geomspace(4, 16, 3)\n"
    "batch = 2\n"
    "jobs = 1\n"
    "precision = float64\n",

    "name = data\r\n"
    "input = \"a,b.csv\", data\r\n"
    "labels = column:y\r\n"
    "classes = 0,1\r\n"
    "samples = 3\r\n"
    "standardize = features\r\n"
    "batch = 2\r\n"
    "loss = mse, sigmoid_cross_entropy\r\n"
    "label_smoothing = 0.1\r\n"
    "shape = 2x3x2\r\n"
    "output = x.h5\r\n",

    "\xEF\xBB\xBF"
    "steps = 4\n"
    "learning_rate = 0.1, 1e-2\n"
    "record = 0,2, 4\n"
    "batch = 4\n"
    "[tanh]\n"
    "activation = tanh\n"
    "momentum = 0.9\n"
    "[äö]\n"
    "bias_init = torch_default\n"
    "input = sphere\n"
    "input_variance = 2\n"};

constexpr std::string_view kWords[] = {",",
                                       "\"",
                                       "=",
                                       "[",
                                       "]",
                                       "(",
                                       ")",
                                       "#",
                                       " # ",
                                       "\r",
                                       "\n",
                                       "\n[a]\n",
                                       "range(",
                                       "1e9",
                                       "-1",
                                       "nan",
                                       "0x",
                                       "\xff",
                                       "\xc3\xa9",
                                       "\xed\xa0\x80",
                                       "x",
                                       "4294967296",
                                       "range(0, 1000000)",
                                       "linspace(0, 1, 1e6)",
                                       "depth = 7\n",
                                       "kaiming",
                                       "seed",
                                       "99999999999999999999"};

InputData SmallData(const std::string& input, const std::string&) {
  InputData data;
  data.name = input;
  data.samples = 4;
  data.width = 2;
  data.reals = {1, 2, 3, 4, 5, 6, 7, 8};
  data.labels = {0, 1, 0, 1};
  return data;
}

// The number of runs, or 0 and what was wrong.
size_t Resolve(const std::string& content, std::string* error) {
  try {
    const ExperimentText text = ParseExperiment(content, "exp.ini");
    const CommandContext context = {"plan", kNetworks};
    size_t memory = 0;
    const RunList runs(
        std::make_shared<const Sweep>(ExpandSweep(text, context)),
        std::make_shared<InputCatalog>(SmallData), 0, [&](const RunSpec& run) {
          memory += run.layers.size();
          if (memory > 1000000) {  // as the command line does
            throw UserError(ExitCode::kUsage, "exp.ini: too much memory");
          }
        });
    for (const RunSpec& run : runs.All()) {
      EXPECT_TRUE(IsUtf8(CanonicalRun(run)));
    }
    return runs.size();
  } catch (const UserError& wrong) {
    EXPECT_EQ(wrong.code(), ExitCode::kUsage);
    *error = wrong.what();
    EXPECT_NE(*error, "");
    EXPECT_EQ(Quoted(*error, 5000), *error);  // one line of UTF-8
    return 0;
  }
}

TEST(MutatedExperiment, IsResolvedOrRefused) {
  const char* set = std::getenv("INITSCOPE_MUTATIONS");
  const size_t each = set ? std::stoul(set) : 7000;
  size_t resolved = 0, refused = 0;
  for (size_t k = 0; k < std::size(kOriginals); ++k) {
    const std::string original(kOriginals[k]);
    std::string error;
    EXPECT_GT(Resolve(original, &error), 0u) << error;
    Mutator mutator(k, kWords);
    for (size_t i = 0; i < each; ++i) {
      const std::string mutated = mutator.Mutate(original);
      const auto begin = std::chrono::steady_clock::now();
      ++(Resolve(mutated, &error) > 0 ? resolved : refused);
      const std::chrono::duration<double> spent =
          std::chrono::steady_clock::now() - begin;
      EXPECT_LT(spent.count(), 20) << mutated;
      if (testing::Test::HasFailure()) {
        FAIL() << "mutation " << i << " of " << k << ":\n"
               << mutated << "\n"
               << error;
      }
    }
  }
  printf("%zu resolved, %zu refused\n", resolved, refused);
  // Enough of either to say something.
  EXPECT_GT(resolved, each / 10);
  EXPECT_GT(refused, each / 10);
}

}  // namespace
}  // namespace initscope
