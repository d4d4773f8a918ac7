#include "random/normal_quantile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

#include "base/matchers_test.h"

namespace initscope {
namespace normal_quantile_test {

// The header's bound.
constexpr double kMaxUlp = 8;

double Argument(uint32_t word) { return (word + 0.5) * 0x1p-32; }

// The spacing of doubles at x.
double Ulp(long double x) {
  return std::ldexp(1.0, std::ilogb(static_cast<double>(x)) - 52);
}

struct Value {
  uint32_t word;
  long double quantile;
};

// mpmath 1.2, 50 digits, Newton steps on erfc. The words: both ends; around
// the branch points |q| = 0.425 (of r = 5 they stay clear: the smallest
// argument, 2^-33, has r = 4.78); around the median; where a long scan found
// the largest errors of each branch (741478, 1330949457, 2095228990).
constexpr Value kValues[] = {
    {0u, -6.337957754553789252493251L},
    {1u, -6.166429517819750246995799L},
    {2u, -6.085104545783030983705017L},
    {3u, -6.030967019118252128037705L},
    {4u, -5.990227597261481864908148L},
    {7u, -5.906597343983775403076370L},
    {8u, -5.885934067455902133109206L},
    {15u, -5.785777965471043007051221L},
    {16u, -5.775260513401541874478510L},
    {31u, -5.665398415700684113688755L},
    {64u, -5.541231677120650218561668L},
    {100u, -5.463062554389538670490787L},
    {256u, -5.294347492361962403413778L},
    {1000u, -5.039851125968711549048811L},
    {4096u, -4.762976412696973455133568L},
    {10000u, -4.579681480215954870638583L},
    {65535u, -4.169571062244236167183844L},
    {65536u, -4.169567584466583012804231L},
    {100000u, -4.072224009854167698123352L},
    {741478u, -3.578722508783384482527535L},
    {1000000u, -3.499768988758381428790495L},
    {1048576u, -3.487103976591690576394269L},
    {10000000u, -2.829875428685360186678101L},
    {16777216u, -2.660067458579971825549534L},
    {100000000u, -1.990225241389144426448530L},
    {209082561u, -1.657781113455281461799256L},
    {322122545u, -1.439531473734619343094873L},
    {322122546u, -1.439531472089817325406726L},
    {322122547u, -1.439531470445015311613050L},
    {322122548u, -1.439531468800213301713843L},
    {500000000u, -1.193098895893178450503282L},
    {536870912u, -1.150349379810483158191456L},
    {1000000000u, -0.7295565530758740071053465L},
    {1073741823u, -0.6744897505624250543469505L},
    {1073741824u, -0.6744897498297384321480251L},
    {1330949457u, -0.4961740219540625157808386L},
    {1500000000u, -0.3873570021605430843055883L},
    {2000000000u, -8.618094900448968763011679e-2L},
    {2095228990u, -3.050158550493494183692360e-2L},
    {2130706432u, -9.791672869521419576836648e-3L},
    {2147418112u, -3.824782030008089403513659e-5L},
    {2147483450u, -1.152649252302068507888337e-7L},
    {2147483646u, -8.754298118749868017863258e-10L},
    {2147483647u, -2.918099372916622672289773e-10L},
    {2147483648u, 2.918099372916622672289773e-10L},
    {2147483649u, 8.754298118749868017863258e-10L},
    {2147483650u, 1.459049686458311336641856e-9L},
    {2147484648u, 5.839116845206493777762452e-7L},
    {2148532224u, 6.119701236189125163797967e-4L},
    {2926219624u, 0.4713752281266867258371243L},
    {2964017838u, 0.4961740219540625157808386L},
    {3000000000u, 0.5200680618488762178941682L},
    {3221225472u, 0.6744897505624250543469505L},
    {3500000000u, 0.8961259589289212251711512L},
    {3972844747u, 1.439531468800213301713843L},
    {3972844748u, 1.439531470445015311613050L},
    {3972844749u, 1.439531472089817325406726L},
    {3972844750u, 1.439531473734619343094873L},
    {4000000000u, 1.485713755895735916708987L},
    {4200000000u, 2.011974803849583614890929L},
    {4278190079u, 2.660067458579971825549534L},
    {4294901759u, 4.169567584466583012804231L},
    {4294966295u, 5.039851125968711549048811L},
    {4294967279u, 5.775260513401541874478510L},
    {4294967293u, 6.085104545783030983705017L},
    {4294967294u, 6.166429517819750246995799L},
    {4294967295u, 6.337957754553789252493251L},
};

struct TailValue {
  double p;
  long double quantile;
};

// Of the doubles nearest to these p: the branch point r = 5 is e^-25 =
// 1.3888e-11, and what lies beyond it.
constexpr TailValue kTail[] = {
    {1e-10, -6.361340902404056199100397L},
    {2e-11, -6.604077590405634277615557L},
    {1.4e-11, -6.656723091518183635597313L},
    {1.3e-11, -6.667611456510740834662219L},
    {1e-11, -6.706023155495136296102194L},
    {1e-15, -7.941345326170996771330131L},
    {1e-20, -9.262340089798407579572095L},
    {1e-50, -14.93333753478848898065821L},
    {1e-100, -21.27345356096532429417952L},
    {1e-200, -30.20559417957964306312401L},
    {1e-300, -37.04709629936119923654704L},
};

TEST(NormalQuantile, IsWithinItsUlpOfTheReference) {
  for (const Value& value : kValues) {
    EXPECT_THAT(static_cast<long double>(NormalQuantile(Argument(value.word))),
                IsNear(value.quantile, kMaxUlp * Ulp(value.quantile)))
        << "word " << value.word;
  }
}

TEST(NormalQuantile, HoldsBeyondTheArgumentsOfVariates) {
  for (const TailValue& value : kTail) {
    EXPECT_THAT(static_cast<long double>(NormalQuantile(value.p)),
                IsNear(value.quantile, kMaxUlp * Ulp(value.quantile)))
        << "p " << value.p;
  }
}

// 1 - p is exact for these arguments, so both sides take the same steps.
TEST(NormalQuantile, IsAntisymmetricToTheBit) {
  for (uint64_t word = 0; word < uint64_t{1} << 31; word += 10007) {
    const double p = Argument(static_cast<uint32_t>(word));
    ASSERT_EQ(NormalQuantile(1 - p), -NormalQuantile(p)) << "word " << word;
  }
  EXPECT_EQ(NormalQuantile(0.5), 0);
}

// Neighbouring words are 2^-32 apart, their quantiles at least √(2π)·2^-32 =
// 5.8e-10, which is more than two errors of 8 ulp of 6.34 (1.4e-14).
TEST(NormalQuantile, RisesFromWordToWord) {
  const auto scan = [](uint64_t first, uint64_t step, uint64_t last) {
    double before = NormalQuantile(Argument(static_cast<uint32_t>(first)));
    for (uint64_t word = first + step; word <= last; word += step) {
      const double x = NormalQuantile(Argument(static_cast<uint32_t>(word)));
      ASSERT_GT(x, before) << "word " << word;
      before = x;
    }
  };
  scan(0, 1, 100000);
  scan(322122547 - 50000, 1, 322122547 + 50000);  // q = -0.425
  scan((uint64_t{1} << 31) - 50000, 1, (uint64_t{1} << 31) + 50000);
  scan(3972844748 - 50000, 1, 3972844748 + 50000);  // q = 0.425
  scan((uint64_t{1} << 32) - 100000, 1, (uint64_t{1} << 32) - 1);
  scan(0, 4999, (uint64_t{1} << 32) - 1);
}

// Φ(Φ⁻¹(p)) = p for many arguments, in long double: an error of 8 ulp of x
// moves Φ by φ(x)·8·ulp(x); erfc in long double adds 2^-60 at most.
TEST(NormalQuantile, InvertsTheDistributionFunction) {
  for (uint64_t word = 0; word < uint64_t{1} << 32; word += 40009) {
    const double p = Argument(static_cast<uint32_t>(word));
    const long double x = NormalQuantile(p);
    const long double phi =
        std::exp(-x * x / 2) / std::sqrt(2 * 3.14159265358979323846L);
    ASSERT_THAT(
        std::erfc(-x / std::sqrt(2.0L)) / 2,
        IsNear(static_cast<long double>(p), phi * kMaxUlp * Ulp(x) + 0x1p-60L))
        << "word " << word;
  }
}

}  // namespace normal_quantile_test
}  // namespace initscope
