#include "attention/resolve_attention.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unordered_set>

#include "base/error.h"
#include "base/number_text.h"
#include "spec/key_table.h"
#include "spec/run_id.h"
#include "spec/settings.h"

namespace initscope {
namespace {

constexpr std::string_view kFileKeys[] = {"x", "w_q", "w_k", "w_v"};

// A finite number above `bound`; `why` says what is wrong with other numbers.
double Above(const Settings& settings, std::string_view key, double fallback,
             double bound, std::string_view why) {
  if (!settings.Has(key)) return fallback;
  const std::string text = settings.Text(key, "");
  const auto value = ParseNumber<double>(text);
  if (!value || !std::isfinite(*value)) {
    settings.Fail(key, "{} = {} is not a finite number", key, text);
  }
  if (!(*value > bound)) {
    settings.Fail(key, "{} = {} is not above {}: {}", key, text, bound, why);
  }
  return *value;
}

double Base(const Settings& settings) {
  if (settings.Text("softmax_base", "e") == "e") return std::numbers::e;
  return Above(settings, "softmax_base", std::numbers::e, 1,
               "a larger logit would not have a larger probability");
}

AttentionSoftmax ResolveSoftmax(const Settings& settings, bool scaled,
                                size_t d_k) {
  if (!scaled && settings.Has("sqrt_d_k")) {
    settings.Fail("sqrt_d_k",
                  "sqrt_d_k is what S is divided by, and scaled = off "
                  "divides it by nothing; remove one");
  }
  const double root = std::sqrt(static_cast<double>(d_k));
  return {
      Above(settings, "sqrt_d_k", scaled ? root : 1, 0, "S is divided by it"),
      Base(settings)};
}

AttentionSpec ResolveDrawn(const Settings& settings) {
  AttentionSpec run;
  TakeKeys(AttentionKeys(), settings, &run);
  run.softmax = ResolveSoftmax(settings, run.scaled, run.d_k);
  if (run.init->data_dependent) {
    settings.Fail("init",
                  "init = {} is fitted to a network's "
                  "data, which attention has none of",
                  run.init->name);
  }
  run.run_id = RunId(run);
  return run;
}

std::string ShapeText(const Matrix<double>& a) {
  return fmt::format("{} × {}", a.rows(), a.cols());
}

void CheckChain(const Settings& settings, const AttentionInputs& in) {
  const auto named = [&](std::string_view key, const Matrix<double>& a) {
    return fmt::format("{} = {} is {}", key, settings.Text(key, ""),
                       ShapeText(a));
  };
  const auto fail = [&](std::string_view key, const Matrix<double>& a,
                        std::string_view other, const Matrix<double>& b,
                        std::string_view why) {
    throw UserError(ExitCode::kData, "{}: {}, but {}: {}", settings.Where(key),
                    named(key, a), named(other, b), why);
  };
  const auto check_rows = [&](std::string_view key, const Matrix<double>& w,
                              const char* why) {
    if (w.rows() != in.x.cols()) fail(key, w, "x", in.x, why);
  };
  check_rows("w_q", in.w_q, "Q = X W_q takes a row for each column of x");
  check_rows("w_k", in.w_k, "K = X W_k takes a row for each column of x");
  check_rows("w_v", in.w_v, "V = X W_v takes a row for each column of x");
  if (in.w_k.cols() != in.w_q.cols()) {
    fail("w_k", in.w_k, "w_q", in.w_q,
         "S = Q Kᵀ takes as many columns of both");
  }
}

AttentionInputs ReadFiles(const Settings& settings, const MatrixReader& read) {
  const auto matrix = [&](std::string_view key) {
    if (!settings.Has(key)) {
      std::string_view given = key;
      for (std::string_view other : kFileKeys) {
        if (settings.Has(other)) given = other;
      }
      settings.Fail(given,
                    "{} is a file, so {} must be one too; "
                    "set all of x, w_q, w_k and w_v",
                    given, key);
    }
    try {
      return read(key, settings.Text(key, ""));
    } catch (const UserError& error) {
      // Adds the experiment's file and line to those of the data.
      throw UserError(error.code(), "{}: {}", settings.Where(key),
                      error.what());
    }
  };
  AttentionInputs in{matrix("x"), matrix("w_q"), matrix("w_k"), matrix("w_v")};
  CheckChain(settings, in);
  return in;
}

AttentionSweep ResolveFiles(const SweepPoint& point, const MatrixReader& read) {
  const Settings settings(point);
  for (std::string_view key :
       {"d_k", "tokens", "d_model", "init", "gain", "seed"}) {
    if (settings.Has(key)) {
      settings.Fail(key,
                    "{} is for drawn matrices, and x, w_q, "
                    "w_k and w_v are files; remove it",
                    key);
    }
  }
  AttentionSweep out;
  auto given = std::make_shared<AttentionInputs>(ReadFiles(settings, read));
  AttentionSpec run;
  TakeKeys(AttentionKeys(), settings, &run);
  run.init = nullptr;
  run.tokens = given->x.rows();
  run.d_model = given->x.cols();
  run.d_k = given->w_q.cols();
  run.softmax = ResolveSoftmax(settings, run.scaled, run.d_k);
  out.runs.push_back(run);
  out.given = std::move(given);
  return out;
}

bool HasFiles(const SweepPoint& point) {
  return std::ranges::any_of(
      kFileKeys, [&](std::string_view key) { return point.contains(key); });
}

}  // namespace

AttentionSweep ResolveAttention(const Sweep& sweep, const MatrixReader& read) {
  AttentionSweep out;
  std::unordered_set<uint64_t> seen;
  for (size_t i = 0; i < sweep.size(); ++i) {
    const SweepPoint point = sweep.Point(i);
    if (HasFiles(point)) {
      if (sweep.size() == 1) return ResolveFiles(point, read);
      const Settings settings(point);
      const std::string_view swept =
          sweep.swept.empty() ? std::string_view("x") : sweep.swept[0];
      settings.Fail(swept,
                    "x, w_q, w_k and w_v describe one run, "
                    "and this file {}; fix {} to one value",
                    sweep.size(), swept);
    }
    const AttentionSpec run = ResolveDrawn(Settings(point));
    if (seen.insert(run.run_id).second) {
      out.runs.push_back(run);
    } else {
      ++out.duplicates;
    }
  }
  return out;
}

}  // namespace initscope
