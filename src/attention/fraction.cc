#include "attention/fraction.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"

namespace initscope {
namespace {

std::optional<int64_t> TimesWhole(int64_t a, int64_t b) {
  int64_t out;
  if (__builtin_mul_overflow(a, b, &out)) return std::nullopt;
  return out;
}

// Its opposite does not fit: kept out, so that a sign can always be changed.
constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

}  // namespace

std::optional<Fraction> Fraction::Make(int64_t numerator, int64_t denominator) {
  if (denominator == 0 || numerator == kLeast || denominator == kLeast) {
    return std::nullopt;
  }
  const int64_t common = std::gcd(numerator, denominator);
  Fraction out;
  out.numerator_ = numerator / common;
  out.denominator_ = denominator / common;
  if (out.denominator_ < 0) {
    out.numerator_ = -out.numerator_;
    out.denominator_ = -out.denominator_;
  }
  return out;
}

std::optional<Fraction> Fraction::OfDouble(double value) {
  constexpr double kDenominator = 1024;
  const double numerator = value * kDenominator;
  if (!(std::abs(numerator) < 0x1p53) || numerator != std::floor(numerator)) {
    return std::nullopt;
  }
  return Make(static_cast<int64_t>(numerator),
              static_cast<int64_t>(kDenominator));
}

double Fraction::ToDouble() const {
  return static_cast<double>(numerator_) / static_cast<double>(denominator_);
}

std::string Fraction::Text() const {
  std::string text = std::to_string(numerator_);
  if (!IsWhole()) text += "/" + std::to_string(denominator_);
  return text;
}

std::optional<Fraction> Sum(const Fraction& a, const Fraction& b) {
  // Over the least common denominator.
  const int64_t common = std::gcd(a.denominator(), b.denominator());
  const auto left = TimesWhole(a.numerator(), b.denominator() / common);
  const auto right = TimesWhole(b.numerator(), a.denominator() / common);
  const auto below = TimesWhole(a.denominator(), b.denominator() / common);
  int64_t above;
  if (!left || !right || !below ||
      __builtin_add_overflow(*left, *right, &above)) {
    return std::nullopt;
  }
  return Fraction::Make(above, *below);
}

std::optional<Fraction> Times(const Fraction& a, const Fraction& b) {
  // What one's numerator and the other's denominator share goes first.
  const int64_t ab = std::gcd(a.numerator(), b.denominator());
  const int64_t ba = std::gcd(b.numerator(), a.denominator());
  const auto above = TimesWhole(a.numerator() / ab, b.numerator() / ba);
  const auto below = TimesWhole(a.denominator() / ba, b.denominator() / ab);
  if (!above || !below) return std::nullopt;
  return Fraction::Make(*above, *below);
}

std::optional<Fraction> Quotient(const Fraction& a, const Fraction& b) {
  const auto inverse = Fraction::Make(b.denominator(), b.numerator());
  if (!inverse) return std::nullopt;
  return Times(a, *inverse);
}

std::optional<Fraction> Power(const Fraction& a, int64_t exponent) {
  INITSCOPE_CHECK(a.numerator() > 0);
  // Beyond 62 nothing but 1 fits.
  if (a != Fraction(1) && std::abs(exponent) > 62) return std::nullopt;
  std::optional<Fraction> out = Fraction(1);
  if (a == Fraction(1)) return out;
  for (int64_t i = 0; i < std::abs(exponent) && out; ++i) {
    out = exponent > 0 ? Times(*out, a) : Quotient(*out, a);
  }
  return out;
}

}  // namespace initscope
