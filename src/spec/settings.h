// Reads the settings of one point, key by key, and reports errors in them.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "spec/sweep.h"

namespace initscope {

// Every failure is a UserError (kUsage) that says where the setting stands.
class Settings {
 public:
  explicit Settings(const SweepPoint& point) : point_(point) {}

  bool Has(std::string_view key) const { return point_.contains(key); }

  // "file.ini:12" or "--key"; the key itself if it is not set.
  std::string Where(std::string_view key) const;

  [[noreturn]] void Fail(std::string_view key, const std::string& what) const;
  template <typename Argument, typename... Rest>
  [[noreturn]] void Fail(std::string_view key,
                         fmt::format_string<Argument, Rest...> text,
                         Argument&& argument, Rest&&... rest) const {
    Fail(key, fmt::vformat(text, fmt::make_format_args(argument, rest...)));
  }

  // The key's value, or `fallback` if it is not set.
  std::string Text(std::string_view key, std::string_view fallback) const;
  // Numbers must be in the key's range, and at least `least`.
  double Real(std::string_view key, double fallback) const;
  uint64_t Whole(std::string_view key, uint64_t fallback,
                 uint64_t least = 0) const;
  // The same with the default in the key's declaration.
  uint64_t Whole(std::string_view key) const;
  // The index of the value among `names`: a number or an enumeration.
  template <typename Index>
  Index Name(std::string_view key, Index fallback,
             std::span<const std::string_view> names) const {
    return Has(key) ? static_cast<Index>(Find(key, names)) : fallback;
  }

 private:
  size_t Find(std::string_view key,
              std::span<const std::string_view> names) const;

  const SweepPoint& point_;
};

}  // namespace initscope
