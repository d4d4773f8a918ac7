#include "cli/targets_fuzz.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/error.h"
#include "base/quoted_text.h"
#include "cli/experiment_file.h"
#include "io/input_reader.h"
#include "spec/resolve.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

// What is wrong with a refusal: it is one line of UTF-8, not too long, with
// this exit code.
std::string WrongIn(const UserError& error, ExitCode code) {
  const std::string message = error.what();
  if (error.code() != code) return "another exit code: " + message;
  if (message.empty()) return "no message";
  if (Quoted(message, 5000) != message) return "not one line: " + message;
  return "";
}

// A folder for this process.
class Folder {
 public:
  Folder()
      : path_(fs::temp_directory_path() /
              ("initscope_fuzz_" + std::to_string(getpid()))) {
    fs::create_directory(path_);
    // A table of as many rows, that others are the labels of.
    std::string good;
    for (int i = 0; i < 12; ++i) good += "1.5,2\n";
    Write("good.csv", good);
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void Write(const std::string& name, const std::string& content) const {
    std::ofstream(path_ / name, std::ios::binary | std::ios::trunc) << content;
  }
  const fs::path& path() const { return path_; }

 private:
  const fs::path path_;
};

// Whether a data file was read; what is wrong if it was, or was refused.
bool ReadData(const Folder& folder, const std::string& input,
              const std::string& labels, std::string* wrong) {
  try {
    const InputData data = ReadInput(input, labels, folder.path());
    if (data.bytes.size() + data.reals.size() != data.samples * data.width) {
      *wrong = "not samples times width";
    }
    if (!labels.empty() && data.labels.size() != data.samples) {
      *wrong = "not a label for each sample";
    }
    for (const double x : data.reals) {
      if (!std::isfinite(x)) *wrong = "not finite";
    }
    return true;
  } catch (const UserError& error) {
    *wrong = WrongIn(error, ExitCode::kData);
    return false;
  }
}

// Reads a data file in every way in which one is read.
bool ReadAsData(const std::string& name, const std::string& bytes,
                std::string* wrong) {
  static const Folder folder;
  folder.Write(name, bytes);
  bool is_read = false;
  for (const auto& [input, labels] :
       {std::pair<std::string, std::string>{name, ""},
        {"good.csv", name},
        {name, "column:kind"}}) {
    is_read |= ReadData(folder, input, labels, wrong);
    if (!wrong->empty()) break;
  }
  return is_read;
}

InputData SmallData(const std::string& input, const std::string&) {
  InputData data;
  data.name = input;
  data.samples = 4;
  data.width = 2;
  data.reals = {1, 2, 3, 4, 5, 6, 7, 8};
  data.labels = {0, 1, 0, 1};
  return data;
}

// Reads an experiment file, down to some of its runs.
bool ReadExperiment(const std::string& bytes, std::string* wrong) {
  try {
    const ExperimentText text = ParseExperiment(bytes, "exp.ini");
    const Sweep sweep = ExpandSweep(text, {"plan", kNetworks});
    InputCatalog catalog(SmallData);
    const size_t count = std::min<size_t>(20, sweep.size());
    for (size_t i = 0; i < count; ++i) {
      const SweepPoint point = sweep.Point(i * sweep.size() / count);
      const RunSpec run = ResolveRun(point, &catalog, 0);
      if (!IsUtf8(CanonicalRun(run))) *wrong = "a run that is not in UTF-8";
    }
    return true;
  } catch (const UserError& error) {
    *wrong = WrongIn(error, ExitCode::kUsage);
    return false;
  }
}

constexpr FuzzTarget kTargets[] = {
    {"experiment", ReadExperiment},
    {"csv",
     [](const std::string& bytes, std::string* wrong) {
       return ReadAsData("x.csv", bytes, wrong);
     }},
    {"npy",
     [](const std::string& bytes, std::string* wrong) {
       return ReadAsData("x.npy", bytes, wrong);
     }},
    {"idx",
     [](const std::string& bytes, std::string* wrong) {
       return ReadAsData("x-idx2-ubyte", bytes, wrong);
     }},
    {"gzip", [](const std::string& bytes, std::string* wrong) {
       return ReadAsData("x.csv.gz", bytes, wrong);
     }}};

}  // namespace

std::span<const FuzzTarget> FuzzTargets() { return kTargets; }

}  // namespace initscope
