#include "spec/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"
#include "spec/name_aliases.h"

namespace initscope {

std::string Settings::Where(std::string_view key) const {
  const auto it = point_.find(key);
  return it == point_.end() || it->second.where.empty() ? std::string(key)
                                                        : it->second.where;
}

void Settings::Fail(std::string_view key, const std::string& what) const {
  throw UserError(ExitCode::kUsage, "{}: {}", Where(key), what);
}

std::string Settings::Text(std::string_view key,
                           std::string_view fallback) const {
  const auto it = point_.find(key);
  return std::string(it == point_.end() ? fallback
                                        : std::string_view(it->second.text));
}

double Settings::Real(std::string_view key, double fallback) const {
  if (!Has(key)) return fallback;
  const std::string text = Text(key, "");
  const auto value = ParseNumber<double>(text);
  if (!value) {
    Fail(key, "{} = {} is not a number that a double can hold", key,
         Quoted(text));
  }
  const auto least = static_cast<double>(FindKey(key)->range.least);
  const auto most = static_cast<double>(FindKey(key)->range.most);
  if (!(*value >= least && *value <= most)) {
    Fail(key, "{} = {} is out of range: it goes from {} to {}", key,
         Quoted(text), least, most);
  }
  return *value;
}

uint64_t Settings::Whole(std::string_view key) const {
  return Whole(key, *ParseNumber<uint64_t>(FindKey(key)->default_text));
}

uint64_t Settings::Whole(std::string_view key, uint64_t fallback,
                         uint64_t least) const {
  if (!Has(key)) return fallback;
  least = std::max(least, static_cast<uint64_t>(FindKey(key)->range.least));
  const auto most = static_cast<uint64_t>(FindKey(key)->range.most);
  const std::string text = Text(key, "");
  const auto value = ParseNumber<uint64_t>(text);
  if (!value) {
    Fail(key, "{} = {} is not a whole number from {} to {}", key, Quoted(text),
         least, most);
  }
  if (*value < least || *value > most) {
    Fail(key, "{} = {} is out of range: it goes from {} to {}", key,
         Quoted(text), least, most);
  }
  return *value;
}

size_t Settings::Find(std::string_view key,
                      std::span<const std::string_view> names) const {
  const NameMatch match = MatchName(key, Text(key, ""), names);
  if (!match.error.empty()) Fail(key, match.error);
  return match.index;
}

}  // namespace initscope
