#include "io/input_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/error.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;
using std::string_literals::operator""s;
using testing::AllOf;
using testing::AnyOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// A folder of its own for each test.
class InputReaderTest : public testing::Test {
 protected:
  InputReaderTest()
      : folder_(testing::TempDir() + "input_reader_" +
                std::to_string(getpid()) +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    unsetenv("INITSCOPE_DATA_DIR");
    unsetenv("INITSCOPE_FASHION_MNIST_DIR");
    fs::create_directory(folder_);
  }
  ~InputReaderTest() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void Write(const char* name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary) << content;
  }
  void WriteGzip(const char* name, const std::string& content) {
    gzFile file = gzopen((folder_ / name).c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
  }

  std::string Message(const std::string& input, const std::string& labels) {
    try {
      ReadInput(input, labels, folder_);
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kData);
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "no error";
  }

  std::string Path(const char* name) { return (folder_ / name).string(); }

  const fs::path folder_;
};

// 2 × 2 × 1 bytes.
const char kBytesHeader[] = "\0\0\x08\3\0\0\0\2\0\0\0\2\0\0\0\1";
std::string BytesIdx() { return std::string(kBytesHeader, 16) + "\1\2\3\xff"s; }

TEST_F(InputReaderTest, ReadsTheShippedSample) {
  const InputData data = ReadInput("fashion-mnist-sample", "", folder_);
  EXPECT_EQ(data.name, "fashion-mnist-sample");
  EXPECT_EQ(data.samples, 1024u);
  EXPECT_EQ(data.width, 784u);
  EXPECT_EQ(data.bytes.size(), 1024u * 784u);
  EXPECT_TRUE(data.reals.empty());
  EXPECT_EQ(data.labels.size(), 1024u);
  EXPECT_EQ(std::set<int32_t>(data.labels.begin(), data.labels.end()),
            (std::set<int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(data.labels[0], 9);
  // hashlib.sha256 of what follows the IDX headers.
  EXPECT_EQ(data.sha256,
            "e5133aade2fad621d488aaf6d89ef0a5507b9461c44bad410112555bf7d24fe2");
  EXPECT_EQ(data.labels_sha256,
            "a8a41dacf3c59f1b02b2ee069d79e6cd1784d4973f375965d355df4b9a9cab5e");
}

TEST_F(InputReaderTest, ReadsFashionMnist) {
  if (!fs::exists("/usr/share/datasets/fashion-mnist"))
    GTEST_SKIP() << "apt-get install dataset-fashion-mnist";
  const InputData data = ReadInput("fashion-mnist", "", folder_);
  EXPECT_EQ(data.samples, 60000u);
  EXPECT_EQ(data.width, 784u);
  EXPECT_EQ(data.labels.size(), 60000u);
  EXPECT_EQ(data.sha256,
            "2e487a6c89124f78f2d7521542223cafe96f7123c3ca13d447772ac6ecbb3012");
  EXPECT_EQ(data.labels_sha256,
            "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7");
}

TEST_F(InputReaderTest, TheEnvironmentSaysWhereDataIs) {
  const std::string labels = "\0\0\x08\1\0\0\0\2\4\7"s;
  for (const std::string name : {"fashion-mnist-sample-", "train-"}) {
    Write((name + "images-idx3-ubyte.gz").c_str(), BytesIdx());
    Write((name + "labels-idx1-ubyte.gz").c_str(), labels);
  }
  setenv("INITSCOPE_DATA_DIR", folder_.c_str(), 1);
  setenv("INITSCOPE_FASHION_MNIST_DIR", folder_.c_str(), 1);
  for (const char* name : {"fashion-mnist-sample", "fashion-mnist"}) {
    const InputData data = ReadInput(name, "", "/");
    EXPECT_THAT(data.bytes, ElementsAre(1, 2, 3, 255));
    EXPECT_THAT(data.labels, ElementsAre(4, 7));
  }
  setenv("INITSCOPE_DATA_DIR", "/nowhere", 1);
  EXPECT_EQ(ReadInput("fashion-mnist-sample", "", "/").samples, 1024u);
  fs::remove(folder_ / "train-labels-idx1-ubyte.gz");
  EXPECT_THAT(Message("fashion-mnist", ""),
              AllOf(HasSubstr("apt-get install dataset-fashion-mnist"),
                    HasSubstr(Path("train-labels-idx1-ubyte.gz"))));
}

TEST_F(InputReaderTest, LabelsOfTheUserReplaceTheBuiltIn) {
  std::string labels = "\0\0\x08\1\0\0\4\0"s;
  labels.resize(8 + 1024, '\3');
  Write("labels.idx", labels);
  const InputData data =
      ReadInput("fashion-mnist-sample", "labels.idx", folder_);
  EXPECT_EQ(data.labels, std::vector<int32_t>(1024, 3));
  EXPECT_THAT(Message("fashion-mnist-sample", "column:a"),
              HasSubstr("needs a CSV file with a header"));
}

TEST_F(InputReaderTest, FlattensBytes) {
  Write("a", BytesIdx());  // known by its magic
  WriteGzip("A-UBYTE.GZ", BytesIdx());
  for (const std::string& input : {"a"s, "A-UBYTE.GZ"s, Path("a")}) {
    const InputData data = ReadInput(input, "", folder_);
    EXPECT_EQ(data.name, input);
    EXPECT_EQ(data.samples, 2u);
    EXPECT_EQ(data.width, 2u);
    EXPECT_THAT(data.bytes, ElementsAre(1, 2, 3, 255));
    EXPECT_THAT(data.labels, testing::IsEmpty());
    EXPECT_EQ(data.labels_sha256, "");
  }
}

TEST_F(InputReaderTest, ReadsNpy) {
  const std::string header =
      "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}";
  Write("a.npy", "\x93NUMPY\1\0"s + static_cast<char>(header.size()) + "\0"s +
                     header + "\1\0\xff\xff"s);
  const InputData data = ReadInput("a.npy", "", folder_);
  EXPECT_EQ(data.samples, 2u);
  EXPECT_EQ(data.width, 1u);
  EXPECT_THAT(data.reals, ElementsAre(1, -1));
}

TEST_F(InputReaderTest, ReadsHdf5) {
  const hid_t file =
      H5Fcreate(Path("a.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t shape[] = {2, 1};
  const hid_t space = H5Screate_simple(2, shape, nullptr);
  const hid_t dataset = H5Dcreate2(file, "x", H5T_IEEE_F32LE, space,
                                   H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  const double values[] = {1, 2};
  H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset);
  H5Sclose(space);
  H5Fclose(file);
  const InputData data = ReadInput("a.h5:/x", "a.h5:/x", folder_);
  EXPECT_THAT(data.reals, ElementsAre(1, 2));
  EXPECT_THAT(data.labels, ElementsAre(1, 2));
  EXPECT_EQ(data.sha256, data.labels_sha256);
  EXPECT_THAT(Message("a.h5", ""),
              AllOf(HasSubstr("name a dataset, as in '" + Path("a.h5") + ":/"),
                    HasSubstr("the file has /x")));
  EXPECT_THAT(Message("a.h5:/y", ""), HasSubstr("no dataset '/y'"));
  EXPECT_THAT(Message("b.h5:/y", ""),
              HasSubstr("there is no file " + Path("b.h5") + ";"));
}

TEST_F(InputReaderTest, ReadsCsvWithLabels) {
  WriteGzip("a.csv.gz", "x,label\n1,0\n3,1\n");
  const InputData data = ReadInput("a.csv.gz", "column:label", folder_);
  EXPECT_EQ(data.samples, 2u);
  EXPECT_EQ(data.width, 1u);
  EXPECT_THAT(data.reals, ElementsAre(1, 3));
  EXPECT_THAT(data.labels, ElementsAre(0, 1));
  // hashlib.sha256(np.array([1., 3.]).tobytes()), of [0., 1.]
  EXPECT_EQ(data.sha256,
            "df05c72cdcfe99ccd882da2c3bc3baa09f168f62109ccac2298e4a99a086828f");
  EXPECT_EQ(data.labels_sha256,
            "fc62429c3e69001d65972cdeb94fb9aa18a7d9c16bc449e1e474e7e41bb95a7d");
  EXPECT_EQ(ReadInput("a.csv.gz", "", folder_).width, 2u);
  EXPECT_THAT(Message("a.csv.gz", "column:class"),
              HasSubstr("no column 'class'; the columns are x, label"));
}

TEST_F(InputReaderTest, RefusesColumnsThatCannotBe) {
  Write("plain.csv", "1,2\n");
  EXPECT_THAT(Message("plain.csv", "column:a"), HasSubstr("header"));
  Write("twice.csv", "a,a\n1,2\n");
  EXPECT_THAT(Message("twice.csv", "column:a"), HasSubstr("two columns"));
  Write("alone.csv", "a\n1\n");
  EXPECT_THAT(Message("alone.csv", "column:a"),
              HasSubstr("no data: its shape is 1 × 0"));
}

TEST_F(InputReaderTest, RefusesAMisspeltName) {
  EXPECT_THAT(
      Message("fashon-mnist", ""),
      AllOf(
          HasSubstr("input = fashon-mnist: "), HasSubstr(Path("fashon-mnist")),
          HasSubstr("gaussian, sphere, fashion-mnist-sample, fashion-mnist")));
  Write("a.csv", "1\n");
  EXPECT_THAT(Message("a.csv", "b.csv"),
              AllOf(HasSubstr("labels = b.csv: "), HasSubstr(Path("b.csv")),
                    HasSubstr("column:NAME")));
}

TEST_F(InputReaderTest, RefusesUnknownFormats) {
  Write("a.png", "\x89PNG....");
  EXPECT_THAT(Message("a.png", ""),
              AllOf(StartsWith(Path("a.png") + ": "),
                    HasSubstr(".csv, .npy, .h5:/dataset and IDX")));
  Write("a.idx", "text");
  EXPECT_THAT(Message("a.idx", ""), HasSubstr("not an IDX file"));
  EXPECT_THAT(Message(".", ""), HasSubstr("directory"));
}

TEST_F(InputReaderTest, RefusesNoData) {
  Write("a.csv", "x,y\n");
  EXPECT_THAT(Message("a.csv", ""), HasSubstr("no data: its shape is 0 × 2"));
  Write("a.idx", "\0\0\x08\2\0\0\0\2\0\0\0\0"s);
  EXPECT_THAT(Message("a.idx", ""), HasSubstr("no data: its shape is 2 × 0"));
  Write("b.csv", "");
  EXPECT_THAT(Message("b.csv", ""), HasSubstr("is empty"));
}

TEST_F(InputReaderTest, RefusesWhatIsNotFinite) {
  Write("a.csv", "1,2,3\n4,5,nan\n");
  EXPECT_THAT(Message("a.csv", ""),
              StartsWith(Path("a.csv") +
                         ": sample 1, column 2 (counted from 0) is nan"));
  Write("a.csv", "1,2,3\n-inf,5,6\n");
  EXPECT_THAT(Message("a.csv", ""),
              HasSubstr("sample 1, column 0 (counted from 0) is -inf"));
}

TEST_F(InputReaderTest, RefusesOtherLabels) {
  Write("a.csv", "1,2\n3,4\n");
  const auto message = [this](const char* labels) {
    Write("labels.csv", labels);
    std::string error = Message("a.csv", "labels.csv");
    EXPECT_THAT(error, AnyOf("no error", StartsWith(Path("labels.csv"))));
    return error;
  };
  EXPECT_EQ(message("0\n65535\n"), "no error");
  EXPECT_THAT(message("0\n1.5\n"),
              HasSubstr("the label of sample 1 (counted from 0) is 1.5; labels "
                        "are whole numbers from 0 to 65535"));
  EXPECT_THAT(message("-1\n0\n"), HasSubstr("is -1;"));
  EXPECT_THAT(message("0\n65536\n"), HasSubstr("is 65536;"));
  EXPECT_THAT(message("nan\n0\n"), HasSubstr("is nan;"));
  EXPECT_THAT(message("0\n1\n2\n"), HasSubstr("3 labels for 2 samples"));
  EXPECT_THAT(message("0\n"), HasSubstr("1 labels for 2 samples"));
  EXPECT_THAT(message("0,1\n2,3\n"), HasSubstr("their shape is 2 × 2"));
}

TEST_F(InputReaderTest, RefusesEveryPrefixOfAFile) {
  WriteGzip("whole.idx.gz", BytesIdx());
  std::ifstream file(folder_ / "whole.idx.gz", std::ios::binary);
  const std::string gzip{std::istreambuf_iterator<char>(file), {}};
  for (const std::string& content : {gzip, BytesIdx()}) {
    for (size_t size = 0; size < content.size(); ++size) {
      Write("cut.idx.gz", content.substr(0, size));
      EXPECT_THAT(Message("cut.idx.gz", ""), StartsWith(Path("cut.idx.gz")))
          << size;
    }
    Write("cut.idx.gz", content);
    EXPECT_EQ(Message("cut.idx.gz", ""), "no error");
  }
}

TEST(DrawnInputTest, AreGaussianAndSphere) {
  EXPECT_TRUE(IsDrawnInput("gaussian"));
  EXPECT_TRUE(IsDrawnInput("sphere"));
  EXPECT_FALSE(IsDrawnInput("fashion-mnist"));
  EXPECT_FALSE(IsDrawnInput("gaussian.csv"));
  EXPECT_FALSE(IsDrawnInput(""));
}

}  // namespace
}  // namespace initscope
