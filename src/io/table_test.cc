#include "io/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_tree_test.h"
#include "base/machine.h"
#include "io/publish.h"
#include "io/results_reader.h"
#include "io/results_writer.h"

namespace initscope {
namespace {

using ::testing::ElementsAre;

TEST(WriteTable, WritesWhatIsReadBack) {
  const Table table = {
      "/things",
      "thing",
      "thing, from 0",
      {{"size", "how large it is", std::vector<double>{1.5, 2}, "a + b"},
       {"color",
        "what it looks like",
        std::vector<uint8_t>{1, 0},
        "",
        {"red", "blue"}}}};
  EXPECT_EQ(table.rows(), 2u);
  const FileTree tree{{}};
  OutputFile output(tree.root() / "a.h5", false);
  Publish(&output, [&](Hdf5Writer* writer) {
    WriteRoot({"a", "", "", UtcNow()}, writer);
    WriteTable(table, writer);
    WriteCategories(table, writer);
  });
  const ResultsReader file((tree.root() / "a.h5").string());
  EXPECT_EQ(file.Length("/things/thing"), 2u);
  EXPECT_EQ(file.Text("/things/thing", "long_name"), "thing, from 0");
  EXPECT_THAT(file.Numbers("/things/size"), ElementsAre(1.5, 2));
  EXPECT_EQ(file.Text("/things/size", "long_name"), "how large it is");
  EXPECT_EQ(file.Text("/things/size", "formula"), "a + b");
  EXPECT_THAT(file.Names("/things/color"), ElementsAre("blue", "red"));
  EXPECT_EQ(file.Text("/things/color", "formula"), "");
  EXPECT_EQ(file.Text("/things/color", "flag_meanings"), "red blue");
}

}  // namespace
}  // namespace initscope
