#include "io/verify_results.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>
#include <unordered_set>

#include "base/quoted_text.h"
#include "io/contents_digest.h"
#include "io/guarded_read.h"
#include "io/results_reader.h"

namespace initscope {
namespace {

double Sum(const ResultsReader& file, const std::string& path) {
  if (!file.Has(path)) return 0;
  const std::vector<double> values = file.Numbers(path);
  // Rows without the quantity are NaN.
  return std::accumulate(
      values.begin(), values.end(), 0.0,
      [](double sum, double value) { return value > 0 ? sum + value : sum; });
}

void CountRuns(const ResultsReader& file, const std::string& group,
               FileCheck* check) {
  const auto run_ids = file.Wholes(group + "/run_id");
  check->runs = run_ids.size();
  check->duplicates =
      run_ids.size() -
      std::unordered_set<uint64_t>(run_ids.begin(), run_ids.end()).size();
  for (const std::string& name : file.Names(group + "/status")) {
    const auto status = std::ranges::find(kRunStatusNames, name);
    if (status == kRunStatusNames.end()) continue;
    ++check->counts[static_cast<size_t>(status - kRunStatusNames.begin())];
  }
  if (check->duplicates > 0) {
    check->problems.push_back(
        fmt::format("{} runs are there twice", check->duplicates));
  }
}

FileCheck Check(const std::string& path) {
  FileCheck check;
  const auto attempt = [&](const auto& work) {
    try {
      work();
    } catch (const UserError& error) {
      if (error.code() == ExitCode::kIo) throw;
      check.problems.emplace_back(error.what());
    }
  };
  attempt([&] {
    const ResultsReader file(path);
    check.format_version = file.Number("/", "format_version");
    check.numerics_version = file.Number("/", "numerics_version");
    check.planned = static_cast<size_t>(file.Number("/", "planned_runs"));
    attempt([&] { file.CheckBytes(); });
    for (const std::string& group : file.Members("/")) {
      for (const std::string& name : file.Members("/" + group)) {
        const std::string column = "/" + group + "/" + name;
        attempt([&] { file.CheckValues(column); });
      }
      attempt([&] { file.CheckScales("/" + group); });
    }
    for (const char* const group : {"/runs", "/attention"}) {
      if (!file.Has(group)) continue;
      attempt([&] { CountRuns(file, group, &check); });
      if (check.runs == check.planned &&
          file.Text("/", "planned_sha256") !=
              ValuesDigest(file.Wholes(std::string(group) + "/run_id"))) {
        check.problems.emplace_back("its runs are not the planned ones");
      }
    }
    if (!file.Has("/layers")) return;
    attempt([&] {
      check.rows = file.Length("/layers/row");
      check.non_finite = Sum(file, "/layers/pre_activation_non_finite") +
                         Sum(file, "/layers/delta_non_finite");
    });
  });
  return check;
}

}  // namespace

FileCheck VerifyResults(const std::string& path) {
  using Json = nlohmann::json;
  try {
    const std::string reply = GuardedRead(path, [&] {
      const FileCheck check = Check(path);
      Json problems = Json::array();
      for (const std::string& problem : check.problems) {
        problems.push_back(Printable(problem));
      }
      return Json{{"versions", {check.format_version, check.numerics_version}},
                  {"numbers",
                   {check.runs, check.planned, check.rows, check.duplicates}},
                  {"counts", check.counts},
                  {"non_finite", check.non_finite},
                  {"problems", problems}}
          .dump();
    });
    const Json json = Json::parse(reply);
    FileCheck check;
    check.format_version = json["versions"][0];
    check.numerics_version = json["versions"][1];
    check.runs = json["numbers"][0];
    check.planned = json["numbers"][1];
    check.rows = json["numbers"][2];
    check.duplicates = json["numbers"][3];
    check.counts = json["counts"];
    check.non_finite = json["non_finite"];
    check.problems = json["problems"];
    return check;
  } catch (const UserError& error) {
    if (error.code() == ExitCode::kIo) throw;
    FileCheck check;
    check.problems.emplace_back(error.what());
    return check;
  }
}

}  // namespace initscope
