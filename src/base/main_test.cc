// The main of initscope_test: GoogleTest's, and --module=NAME, which runs the
// tests of src/NAME alone, less what --gtest_filter=-… leaves out.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace {

// The tests whose file is in `folder`, as --gtest_filter wants them.
std::string TestsIn(const std::string& folder) {
  std::string filter;
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  for (int s = 0; s < all.total_test_suite_count(); ++s) {
    const testing::TestSuite& suite = *all.GetTestSuite(s);
    for (int t = 0; t < suite.total_test_count(); ++t) {
      const testing::TestInfo& test = *suite.GetTestInfo(t);
      if (std::string_view(test.file()).find(folder) == std::string::npos) {
        continue;
      }
      filter += (filter.empty() ? "" : ":") + std::string(suite.name()) + "." +
                test.name();
    }
  }
  return filter;
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  constexpr std::string_view kModule = "--module=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string tests =
        argument.starts_with(kModule)
            ? TestsIn("src/" + std::string(argument.substr(kModule.size())) +
                      "/")
            : "";
    if (tests.empty()) {
      std::fprintf(stderr, "no tests are meant by '%s'\n", argv[i]);
      return 64;
    }
    const std::string left_out = GTEST_FLAG_GET(filter);
    GTEST_FLAG_SET(filter, tests + (left_out.starts_with('-') ? left_out : ""));
  }
  return RUN_ALL_TESTS();
}
