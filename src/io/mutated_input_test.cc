// Damaged HDF5 files of data: each is read, or refused in one line. Other kinds
// of files are those of scripts/fuzz.sh.

#include <gtest/gtest.h>
#include <hdf5.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "base/error.h"
#include "base/mutations_test.h"
#include "base/quoted_text.h"
#include "io/gzip_test.h"
#include "io/hdf5_handle.h"
#include "io/input_reader.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSamples = 12, kWidth = 3;

template <class T>
std::string Elements(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) {
    const T value = static_cast<T>(i % 4);
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file with a contiguous, a chunked and compressed, a big-endian and a
// boolean dataset, and a label for each sample.
std::string Hdf5(const fs::path& path) {
  {
    const Hdf5Handle file(
        H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
        H5Fclose);
    const hsize_t shape[] = {kSamples, kWidth}, chunk[] = {5, 2};
    const Hdf5Handle space(H5Screate_simple(2, shape, nullptr), H5Sclose);
    const Hdf5Handle line(H5Screate_simple(1, shape, nullptr), H5Sclose);
    const Hdf5Handle chunks(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(chunks, 2, chunk);
    H5Pset_shuffle(chunks);
    H5Pset_deflate(chunks, 6);
    H5Pset_fletcher32(chunks);
    const Hdf5Handle boolean(H5Tenum_create(H5T_NATIVE_INT8), H5Tclose);
    for (const auto& [name, value] : {std::pair{"FALSE", 0}, {"TRUE", 1}}) {
      const auto byte = static_cast<int8_t>(value);
      H5Tenum_insert(boolean, name, &byte);
    }
    const std::string values = Elements<double>(kSamples * kWidth);
    const auto write = [&](const char* name, hid_t type, hid_t of, hid_t how) {
      const Hdf5Handle dataset(
          H5Dcreate2(file, name, type, of, H5P_DEFAULT, how, H5P_DEFAULT),
          H5Dclose);
      const bool is_enum = H5Tget_class(type) == H5T_ENUM;
      const std::vector<int8_t> truths(kSamples * kWidth, 1);
      H5Dwrite(
          dataset, is_enum ? type : H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
          H5P_DEFAULT,
          is_enum ? static_cast<const void*>(truths.data()) : values.data());
    };
    write("x", H5T_IEEE_F64LE, space, H5P_DEFAULT);
    write("chunked", H5T_IEEE_F32LE, space, chunks);
    write("big", H5T_STD_I16BE, space, H5P_DEFAULT);
    write("bool", boolean, space, H5P_DEFAULT);
    write("y", H5T_STD_U8LE, line, H5P_DEFAULT);
  }
  return ReadAll(path);
}

struct Original {
  std::string name;  // of the file
  std::string dataset;
  std::string content;
};

class MutatedInput : public testing::Test {
 protected:
  MutatedInput()
      : folder_(testing::TempDir() + "mutated_input_" +
                std::to_string(getpid())) {
    fs::create_directory(folder_);
  }
  ~MutatedInput() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  void Write(const std::string& name, const std::string& content) {
    std::ofstream(folder_ / name, std::ios::binary | std::ios::trunc)
        << content;
  }

  std::vector<Original> Originals() {
    const std::string hdf5 = Hdf5(folder_ / "made.h5");
    std::vector<Original> originals;
    for (const char* dataset : {":/x", ":/chunked", ":/big", ":/bool", ":/y"})
      originals.push_back({"x.h5", dataset, hdf5});
    originals.push_back({"x.mat.gz", ":/chunked", Gzip(hdf5, 6)});
    return originals;
  }

  // Reads it and returns the message where it is refused, else "".
  std::string Read(const std::string& input, const std::string& labels) {
    try {
      const InputData data = ReadInput(input, labels, folder_);
      const size_t entries = data.bytes.size() + data.reals.size();
      EXPECT_EQ(entries, data.samples * data.width);
      EXPECT_TRUE(labels.empty() || data.labels.size() == data.samples);
      for (const double x : data.reals) EXPECT_TRUE(std::isfinite(x));
      return "";
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kData);
      std::string message = error.what();
      EXPECT_NE(message, "");
      EXPECT_EQ(Quoted(message, 5000), message);  // one line of UTF-8
      EXPECT_LT(message.size(), 5000u);
      return message;
    }
  }

  const fs::path folder_;
};

constexpr std::string_view kWords[] = {
    "\x89HDF", "TREE", "SNOD", "HEAP", "\xff\xff\xff\xff", "\x7f\xff"};

// INITSCOPE_MUTATIONS sets how many of each; by default 150 in all.
size_t MutationsOfEach(size_t originals) {
  const char* set = std::getenv("INITSCOPE_MUTATIONS");
  return set ? std::stoul(set) : 150 / originals + 1;
}

TEST_F(MutatedInput, IsReadOrRefused) {
  // A table of as many rows, that the other is the labels of.
  std::string good;
  for (size_t i = 0; i < kSamples; ++i) good += "1.5,2\n";
  Write("good.csv", good);
  size_t read = 0, refused = 0;
  const std::vector<Original> originals = Originals();
  const size_t each = MutationsOfEach(originals.size());
  for (size_t k = 0; k < originals.size(); ++k) {
    const Original& original = originals[k];
    const std::string path = original.name + original.dataset;
    Write(original.name, original.content);
    EXPECT_EQ(Read(path, ""), "");
    Mutator mutator(k, kWords);
    for (size_t i = 0; i < each; ++i) {
      const std::string mutated = mutator.Mutate(original.content);
      Write(original.name, mutated);
      const auto begin = std::chrono::steady_clock::now();
      const std::string error =
          i % 3 == 0 ? Read("good.csv", path) : Read(path, "");
      ++(error.empty() ? read : refused);
      const std::chrono::duration<double> spent =
          std::chrono::steady_clock::now() - begin;
      EXPECT_LT(spent.count(), 5) << original.name << ", mutation " << i;
      if (HasFailure()) {
        Write("failed", mutated);
        FAIL() << original.name << ", mutation " << i << ": " << error;
      }
    }
  }
  RecordProperty("read", static_cast<int>(read));
  RecordProperty("refused", static_cast<int>(refused));
  printf("%zu read, %zu refused\n", read, refused);
  EXPECT_GT(read, 15u);
  EXPECT_GT(refused, 50u);
}

}  // namespace
}  // namespace initscope
