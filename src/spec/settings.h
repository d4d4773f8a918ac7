// One point's settings, read key by key with its errors.
#pragma once

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

  // "file.ini:12" or "--key"; the key itself where it is not set.
  std::string Where(std::string_view key) const;

  [[noreturn]] void Fail(std::string_view key, const std::string& what) const;

  // The key's value, or `fallback` where it is not set.
  std::string Text(std::string_view key, std::string_view fallback) const;
  // In the key's range, of which a rule may cut off what is below `least`.
  double Real(std::string_view key, double fallback) const;
  uint64_t Whole(std::string_view key, uint64_t fallback,
                 uint64_t least = 0) const;
  // With the default that the key's declaration names.
  uint64_t Whole(std::string_view key) const;
  // The index of the value among `names`.
  size_t Name(std::string_view key, size_t fallback,
              std::span<const std::string_view> names) const;

 private:
  const SweepPoint& point_;
};

}  // namespace initscope
