#include "spec/name_aliases.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "nn/activations.h"
#include "nn/initializers.h"
#include "nn/losses.h"
#include "spec/run_spec.h"

namespace initscope {
namespace {

using testing::HasSubstr;

std::vector<std::string_view> NamesOf(std::string_view key) {
  std::vector<std::string_view> names;
  if (key == "activation") {
    for (const Activation& row : Activations()) names.push_back(row.name);
  } else if (key == "init") {
    for (const Initializer& row : Initializers()) names.push_back(row.name);
  } else if (key == "loss") {
    for (const Loss& row : Losses()) names.push_back(row.name);
  } else if (key == "precision") {
    names.assign(std::begin(kPrecisionNames), std::end(kPrecisionNames));
  } else {
    names.assign(std::begin(kBiasInitNames), std::end(kBiasInitNames));
  }
  return names;
}

// The items of "a, b".
std::vector<std::string_view> Items(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const size_t end = std::min(list.find(", "), list.size());
    items.push_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 2, list.size()));
  }
  return items;
}

TEST(NameAliases, MeanNamesThatThereAre) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const NameAlias& row : NameAliases()) {
    const auto names = NamesOf(row.key);
    for (const std::string_view alias : Items(row.aliases)) {
      EXPECT_TRUE(seen.insert({row.key, alias}).second) << alias;
      EXPECT_THAT(names, testing::Not(testing::Contains(alias)));
    }
    for (const std::string_view name : Items(row.names)) {
      EXPECT_THAT(names, testing::Contains(name));
    }
  }
}

std::string Meant(std::string_view key, const std::string& text) {
  const auto names = NamesOf(key);
  const NameMatch match = MatchName(key, text, names);
  return match.error.empty() ? std::string(names[match.index]) : match.error;
}

TEST(NameAliases, AreUnderstood) {
  for (const char* text : {"relu", "ReLU", "RELU"}) {
    EXPECT_EQ(Meant("activation", text), "relu");
  }
  EXPECT_EQ(Meant("activation", "Swish"), "silu");
  EXPECT_EQ(Meant("activation", "LeakyReLU"), "leaky_relu");
  EXPECT_EQ(Meant("init", "Glorot_Normal"), "xavier_normal");
  EXPECT_EQ(Meant("init", "kaiming_uniform_"), "he_uniform");
  EXPECT_EQ(Meant("loss", "MSE"), "mse");
  EXPECT_EQ(Meant("loss", "cross_entropy"), "softmax_cross_entropy");
  EXPECT_EQ(Meant("precision", "Double"), "float64");
}

TEST(NameAliases, ThatMeanSeveralAreRefused) {
  for (const char* text : {"kaiming", "Kaiming", "he"}) {
    EXPECT_THAT(Meant("init", text), HasSubstr("he_normal, he_uniform"));
  }
  for (const char* text : {"Xavier", "glorot"}) {
    EXPECT_THAT(Meant("init", text),
                HasSubstr("xavier_normal, xavier_uniform; name one"));
  }
}

TEST(NameAliases, ListEachNameOnce) {
  const std::string error = Meant("init", "nonsense");
  for (std::string_view name : NamesOf("init")) {
    const std::string item = " " + std::string(name);
    size_t found = 0;
    for (size_t at = error.find(item); at != std::string::npos;
         at = error.find(item, at + 1)) {
      const size_t end = at + item.size();
      found += end == error.size() || error[end] == ',' ? 1 : 0;
    }
    EXPECT_EQ(found, 1u) << name;
  }
}

}  // namespace
}  // namespace initscope
