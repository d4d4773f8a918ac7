// Exact fractions of 64-bit whole numbers; a result that does not fit is none.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace initscope {

// In lowest terms, the denominator positive.
class Fraction {
 public:
  Fraction() = default;
  // NOLINTNEXTLINE(google-explicit-constructor)
  Fraction(int64_t whole) : numerator_(whole) {}

  // Nothing where denominator == 0 or the reduced fraction does not fit.
  static std::optional<Fraction> Make(int64_t numerator, int64_t denominator);
  // Of a number with at most 10 binary digits behind the point (1.5, −0.25)
  // and a numerator below 2^53; nothing for others, 0.1 for one.
  static std::optional<Fraction> OfDouble(double value);

  int64_t numerator() const { return numerator_; }
  int64_t denominator() const { return denominator_; }
  bool IsWhole() const { return denominator_ == 1; }
  double ToDouble() const;
  std::string Text() const;  // "9/14", "3"

  friend bool operator==(const Fraction&, const Fraction&) = default;

 private:
  int64_t numerator_ = 0;
  int64_t denominator_ = 1;
};

// Nothing where the result does not fit, or where `b` to divide by is 0.
std::optional<Fraction> Sum(const Fraction& a, const Fraction& b);
std::optional<Fraction> Times(const Fraction& a, const Fraction& b);
std::optional<Fraction> Quotient(const Fraction& a, const Fraction& b);
// a^exponent for a > 0 and any whole exponent.
std::optional<Fraction> Power(const Fraction& a, int64_t exponent);

}  // namespace initscope
