#include "io/hdf5_array.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/error.h"
#include "io/hdf5_handle.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Hdf5ArrayTest : public testing::Test {
 protected:
  Hdf5ArrayTest()
      : path_(testing::TempDir() + "hdf5_array_" + std::to_string(getpid()) +
              testing::UnitTest::GetInstance()->current_test_info()->name() +
              ".h5") {
    H5Fclose(H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  }
  ~Hdf5ArrayTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
    std::filesystem::remove_all(path_ + ".gz", ignored);
  }

  // Writes `values`, of memory type `memory`, as a dataset of type `stored`.
  // Without values the dataset is only created.
  void Write(const char* name, hid_t stored, const std::vector<hsize_t>& shape,
             hid_t memory = H5I_INVALID_HID, const void* values = nullptr) {
    const Hdf5Handle file(H5Fopen(path_.c_str(), H5F_ACC_RDWR, H5P_DEFAULT),
                          H5Fclose);
    const Hdf5Handle space(
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(shape.size()),
                                         shape.data(), nullptr),
        H5Sclose);
    const Hdf5Handle links(H5Pcreate(H5P_LINK_CREATE), H5Pclose);
    H5Pset_create_intermediate_group(links, 1);
    const Hdf5Handle dataset(
        H5Dcreate2(file, name, stored, space, links, H5P_DEFAULT, H5P_DEFAULT),
        H5Dclose);
    ASSERT_TRUE(dataset.ok());
    if (!values) return;
    ASSERT_GE(H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
              0);
  }

  std::string Message(const std::string& dataset) {
    testing::internal::CaptureStderr();
    std::string message = "no error";
    try {
      ReadHdf5Array(path_, dataset);
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kData);
      message = error.what();
    }
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    EXPECT_THAT(message,
                testing::AnyOf("no error", testing::StartsWith(path_ + ":")));
    return message;
  }

  const std::string path_;
};

// hashlib.sha256(np.array([[1, 2, 3], [4, 5, 127]], dtype).tobytes()), by the
// bytes of an integer (signed or not) or a float.
constexpr const char* kInt1 =
    "b666a5f6b41715dfeab27b8e0909f0db094d27ab5b147b462aea4581bfa223c8";
constexpr const char* kInt2 =
    "e5d8b8d303a1d0934bede7abce599e04ab990c2dafef5ca0df7219e31f8e1c4b";
constexpr const char* kInt4 =
    "1574eb1c70566566a306cf984c041af6a472addb4112417b9092f5511e8c5ff1";
constexpr const char* kInt8 =
    "d9b7992b2211bfd56ca275ac48b49db12450bcdcb35ecf5f0144c4f1d55be67f";
constexpr const char* kFloat2 =
    "234d7a8be90991fbf2ef73a1fb282966da4df4dbd1a4aecee0ffd964a89da94d";
constexpr const char* kFloat4 =
    "172c8160beebfbff9bdc6ef5c96a0f1b6d0dd8b4c2635a5145661572ee5e0143";
constexpr const char* kFloat8 =
    "46acd83b886a96be60f0945641eff591979dbfe54b0cc4a540ab18defdc2c47d";
constexpr double kValues[] = {1, 2, 3, 4, 5, 127};

TEST_F(Hdf5ArrayTest, ReadsEveryNumericType) {
  const struct {
    hid_t type;
    const char* sha256;
  } kTypes[] = {
      {H5T_STD_I8BE, kInt1},     {H5T_STD_I16BE, kInt2},
      {H5T_STD_I16LE, kInt2},    {H5T_STD_U16BE, kInt2},
      {H5T_STD_I32LE, kInt4},    {H5T_STD_U32LE, kInt4},
      {H5T_STD_I64BE, kInt8},    {H5T_STD_U64LE, kInt8},
      {H5T_IEEE_F32LE, kFloat4}, {H5T_IEEE_F32BE, kFloat4},
      {H5T_IEEE_F64BE, kFloat8}, {H5T_IEEE_F64LE, kFloat8},
  };
  int index = 0;
  for (const auto& type : kTypes) {
    const std::string name = "/group/d" + std::to_string(index++);
    Write(name.c_str(), type.type, {2, 3}, H5T_NATIVE_DOUBLE, kValues);
    const Array array = ReadHdf5Array(path_, name);
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_THAT(array.reals, testing::ElementsAreArray(kValues));
    EXPECT_TRUE(array.bytes.empty());
    EXPECT_EQ(array.sha256, type.sha256) << index;
  }
}

TEST_F(Hdf5ArrayTest, ReadsHalfPrecision) {
  const Hdf5Handle half(H5Tcopy(H5T_IEEE_F32BE), H5Tclose);
  H5Tset_fields(half, 15, 10, 5, 0, 10);
  H5Tset_size(half, 2);
  H5Tset_ebias(half, 15);
  Write("half", half, {2, 3}, H5T_NATIVE_DOUBLE, kValues);
  const Array array = ReadHdf5Array(path_, "/half");
  EXPECT_THAT(array.reals, testing::ElementsAreArray(kValues));
  EXPECT_EQ(array.sha256, kFloat2);
}

TEST_F(Hdf5ArrayTest, KeepsBytesAsBytes) {
  Write("u8", H5T_STD_U8BE, {6}, H5T_NATIVE_DOUBLE, kValues);
  const Array array = ReadHdf5Array(path_, "/u8");
  EXPECT_THAT(array.shape, ElementsAre(6));
  EXPECT_THAT(array.bytes, ElementsAre(1, 2, 3, 4, 5, 127));
  EXPECT_TRUE(array.reals.empty());
  EXPECT_EQ(array.sha256, kInt1);
}

TEST_F(Hdf5ArrayTest, ReadsAGzippedFile) {
  Write("a", H5T_IEEE_F64LE, {6}, H5T_NATIVE_DOUBLE, kValues);
  std::ifstream file(path_, std::ios::binary);
  const std::string content{std::istreambuf_iterator<char>(file), {}};
  gzFile gzip = gzopen((path_ + ".gz").c_str(), "wb");
  gzwrite(gzip, content.data(), static_cast<unsigned>(content.size()));
  gzclose(gzip);
  EXPECT_THAT(ReadHdf5Array(path_ + ".gz", "/a").reals,
              testing::ElementsAreArray(kValues));
  std::filesystem::resize_file(path_ + ".gz", 100);
  EXPECT_THROW(ReadHdf5Array(path_ + ".gz", "/a"), UserError);
}

TEST_F(Hdf5ArrayTest, AnEmptyExtentIsAShape) {
  Write("none", H5T_IEEE_F64LE, {0, 3});
  EXPECT_THAT(ReadHdf5Array(path_, "/none").shape, ElementsAre(0, 3));
}

TEST_F(Hdf5ArrayTest, AMissingDatasetNamesTheOthers) {
  EXPECT_THAT(Message("/a"), HasSubstr("the file has no datasets"));
  Write("x/images", H5T_STD_U8LE, {4, 2});
  Write("labels", H5T_STD_U8LE, {4});
  EXPECT_THAT(
      Message("/image"),
      HasSubstr("no dataset '/image'; the file has /labels, /x/images"));
  EXPECT_THAT(Message("/x"), HasSubstr("no dataset '/x'"));
  for (const char* none : {"", "/", "images"})
    EXPECT_THAT(Message(none),
                HasSubstr("name a dataset, as in '" + path_ +
                          ":/images'; the file has /labels, /x/images"));
  for (const char* name : {"1", "2", "3", "4", "5", "6", "7"})
    Write(name, H5T_STD_U8LE, {4});
  EXPECT_THAT(Message("/9"), testing::EndsWith(", …"));
}

TEST_F(Hdf5ArrayTest, RefusesOtherKindsOfDataset) {
  const Hdf5Handle string(H5Tcopy(H5T_C_S1), H5Tclose);
  Write("text", string, {4});
  EXPECT_THAT(Message("/text"), HasSubstr("not a numeric dataset"));
  Write("scalar", H5T_IEEE_F64LE, {});
  EXPECT_THAT(Message("/scalar"), HasSubstr("a single value"));
  Write("huge", H5T_IEEE_F64LE, {hsize_t{1} << 28, hsize_t{1} << 28});
  EXPECT_THAT(Message("/huge"), HasSubstr("not fit into memory"));
}

TEST_F(Hdf5ArrayTest, RefusesOtherFiles) {
  std::filesystem::resize_file(path_, 400);
  EXPECT_THAT(Message("/a"), HasSubstr("cut short"));
  std::ofstream(path_, std::ios::trunc) << "text";
  EXPECT_THAT(Message("/a"), HasSubstr("not an HDF5 file"));
  std::ofstream(path_, std::ios::trunc) << "";
  EXPECT_THAT(Message("/a"), HasSubstr("empty"));
  std::filesystem::remove(path_);
  EXPECT_THAT(Message("/a"), HasSubstr("No such file"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(Message("/a"), HasSubstr("directory"));
}

TEST_F(Hdf5ArrayTest, RefusesADamagedDataset) {
  const std::vector<double> values(1000, 1.0);
  Write("a", H5T_IEEE_F64LE, {1000}, H5T_NATIVE_DOUBLE, values.data());
  const auto size = std::filesystem::file_size(path_);
  for (size_t cut = 0; cut < size; cut += 37) {
    std::filesystem::resize_file(path_, size - cut - 1);
    EXPECT_NE(Message("/a"), "no error") << cut;
  }
}

}  // namespace
}  // namespace initscope
