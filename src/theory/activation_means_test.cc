// Means of activations against closed forms and references.

#include "theory/activation_means.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <string_view>

#include "base/matchers_test.h"
#include "nn/find_activation_test.h"

namespace initscope {
namespace {

using std::numbers::pi;

struct PlainMeans {
  double f, f2, slope, slope2;
};

PlainMeans Plain(const MeanValues& means) {
  const auto at = [&](Mean m) { return means[static_cast<size_t>(m)]; };
  const double f2 = std::exp(at(Mean::kLogSquare));
  const double slope2 = std::exp(at(Mean::kLogSlopeSquare));
  return {at(Mean::kFirst) * std::sqrt(f2), f2,
          at(Mean::kSlope) * std::sqrt(slope2), slope2};
}

// Both ways to compute them; relative to E f² and E f'².
void ExpectMeans(const Activation& f, double q, const PlainMeans& expected,
                 double tolerance) {
  const ActivationMeans table(f);
  for (const MeanValues& means :
       {ComputeMeans(f, std::log(q)), table.ValuesAt(std::log(q))}) {
    const PlainMeans m = Plain(means);
    const double f_size = std::sqrt(expected.f2);
    const double slope_size = std::sqrt(expected.slope2);
    EXPECT_THAT(m.f, IsNear(expected.f, tolerance * f_size)) << f.name << q;
    EXPECT_THAT(m.f2, IsNear(expected.f2, tolerance * expected.f2))
        << f.name << " at " << q;
    EXPECT_THAT(m.slope, IsNear(expected.slope, tolerance * slope_size))
        << f.name << " at " << q;
    EXPECT_THAT(m.slope2, IsNear(expected.slope2, tolerance * expected.slope2))
        << f.name << " at " << q;
  }
}

constexpr double kScales[] = {1e-8, 1e-4, 0.01, 0.09, 0.3, 1,
                              2.2,  7,    50,   100,  1e4, 1e8};

TEST(ActivationMeans, AreTheClosedFormsOfTheKinOfRelu) {
  for (double q : kScales) {
    const double half = std::sqrt(q / (2 * pi));  // E max(z, 0)
    ExpectMeans(FindActivation("linear"), q, {0, q, 1, 1}, 1e-12);
    ExpectMeans(FindActivation("relu"), q, {half, q / 2, 0.5, 0.5}, 1e-12);
    const double square = (1 + 1e-4) / 2;
    ExpectMeans(FindActivation("leaky_relu"), q,
                {0.99 * half, square * q, 1.01 / 2, square}, 1e-12);
  }
}

TEST(ActivationMeans, AreTheClosedFormsOfErf) {
  for (double q : kScales) {
    const double square = 2 / pi * std::asin(2 * q / (1 + 2 * q));
    ExpectMeans(FindActivation("erf"), q,
                {0, square, 2 / std::sqrt(pi * (1 + 2 * q)),
                 4 / (pi * std::sqrt(1 + 4 * q))},
                1e-12);
  }
}

TEST(ActivationMeans, AreTheClosedFormsOfHardTanh) {
  for (double q : kScales) {
    const double x = 1 / std::sqrt(q);
    const double outside = std::erfc(x / std::sqrt(2.0));  // P(|z| > 1)
    const double density = std::exp(-x * x / 2) / std::sqrt(2 * pi);
    // E z² over |z| < 1, which cancels where q is large: then by its series
    // about x = 0, to x⁸ of the first term.
    const double y = x * x;
    const double series =
        1.0 / 3 - y / 10 + y * y / 56 - y * y * y / 432 + y * y * y * y / 4224;
    const double inside = x > 0.1 ? q * (1 - outside - 2 * x * density)
                                  : std::sqrt(2 / pi) * x * series;
    const double slope = std::erf(x / std::sqrt(2.0));
    ExpectMeans(FindActivation("hard_tanh"), q,
                {0, inside + outside, slope, slope}, 1e-12);
  }
}

struct Reference {
  std::string_view activation;
  double q;
  PlainMeans means;
};

// mpmath with 30 digits: tanh-sinh quadrature of z's density times the
// function, on panels that grow by 1.6 from 0 (which is the only kink of
// these) to 16 √q.
constexpr Reference kReferences[] = {
    {"sigmoid",
     1e-8,
     {0.5, 0.250000000624999997, 0.249999999375000003, 0.0624999996875000027}},
    {"sigmoid",
     0.01,
     {0.5, 0.250621896935813914, 0.249378103064186086, 0.0621902041783777638}},
    {"sigmoid",
     0.3,
     {0.5, 0.266411318262371913, 0.233588681737628087, 0.0549888739012903186}},
    {"sigmoid",
     1,
     {0.5, 0.293379035858092963, 0.206620964141907037, 0.0448362413501943718}},
    {"sigmoid",
     7,
     {0.5, 0.374039744967608863, 0.125960255032391137, 0.0231320025331235846}},
    {"sigmoid",
     100,
     {0.5, 0.460740439890635923, 0.0392595601093640769, 0.0066066455035341533}},
    {"sigmoid",
     1e8,
     {0.5, 0.49996010577261609, 0.0000398942273839095427,
      6.64903796380863391e-6}},
    {"tanh",
     1e-8,
     {0, 9.99999980000000567e-9, 0.9999999900000002, 0.9999999800000007}},
    {"tanh",
     0.01,
     {0, 0.00980546875553240564, 0.990194531244467594, 0.980670243464981518}},
    {"tanh",
     0.3,
     {0, 0.197263387502218251, 0.802736612497781749, 0.68587155289605394}},
    {"tanh",
     1,
     {0, 0.394294490397841174, 0.605705509602158826, 0.464402902448268242}},
    {"tanh",
     7,
     {0, 0.714286531202861263, 0.285713468797138737, 0.196598955805504878}},
    {"tanh",
     100,
     {0, 0.920536863430516671, 0.0794631365694833288, 0.0531067877481158341}},
    {"tanh",
     1e8,
     {0, 0.99992021154424783, 0.0000797884557521696646,
      0.0000531923039677605349}},
    {"elu",
     1e-8,
     {2.49986702548960024e-9, 9.99920220293121893e-9, 0.999960108271826882,
      0.999920221542855967}},
    {"elu",
     0.01,
     {0.002373013327678879, 0.00928223765840247242, 0.962478785287535611,
      0.929239808233473695}},
    {"elu",
     0.3,
     {0.0576969812074628081, 0.220637694107247469, 0.839187295089046994,
      0.749012284285341457}},
    {"elu",
     1,
     {0.16052057226655605, 0.644945417492923863, 0.761578291865123372,
      0.668102001223170606}},
    {"elu",
     7,
     {0.690463615521840235, 3.80302413223443823, 0.634961554110652203,
      0.572947240455742634}},
    {"elu",
     100,
     {3.52892949811571278, 50.440884227445555, 0.539506694101386003,
      0.519897615648327032}},
    {"elu",
     1e8,
     {3988.92284390855442, 50000000.4999401587, 0.500039894227641201,
      0.500019947113970204}},
    {"selu",
     1e-8,
     {-0.0000282167162148578686, 2.09719633640243678e-8, 1.40433003048042222,
      2.09719634026525644}},
    {"selu",
     0.01,
     {-0.0240491180622133107, 0.0187558881232412673, 1.3384341412476521,
      1.87872931126287847}},
    {"selu",
     0.3,
     {-0.0531363675524745638, 0.383930872377130808, 1.12167545359759845,
      1.32166166185544616}},
    {"selu",
     1,
     {2.12475110059870922e-17, 0.999999999999999967, 0.98523111618579639,
      1.07157499245579922}},
    {"selu",
     7,
     {0.4672432069784671, 4.80052529511169146, 0.762626312999415463,
      0.77745987757527324}},
    {"selu",
     100,
     {3.38209750159134001, 56.5613631604606631, 0.59480718653644593,
      0.613488087107142146}},
    {"selu",
     1e8,
     {4190.81149962391435, 55198629.7867607614, 0.525420631693059861,
      0.552047937214604083}},
    {"gelu",
     1e-8,
     {3.98942278406721291e-9, 2.50000004774648213e-9, 0.5,
      0.250000006366197596}},
    {"gelu",
     0.01,
     {0.00396962405746607188, 0.00254696349457749588, 0.5,
      0.256241318828877359}},
    {"gelu",
     0.3,
     {0.104968657880013001, 0.103540286841434428, 0.5, 0.36872610764542639}},
    {"gelu",
     1,
     {0.282094791773878143, 0.425221482570298675, 0.5, 0.455850865649287122}},
    {"gelu",
     7,
     {0.987331771208573502, 3.44038259986406113, 0.5, 0.510660255700588727}},
    {"gelu",
     100,
     {3.96962405746607188, 49.9814827300228222, 0.5, 0.505399864183416932}},
    {"gelu",
     1e8,
     {3989.42278406721291, 49999999.9999812434, 0.5, 0.500005626976746214}},
    {"silu",
     1e-8,
     {2.49999999375000003e-9, 2.50000001874999984e-9, 0.5,
      0.250000002499999975}},
    {"silu",
     0.01,
     {0.00249378103064186086, 0.00251859528155874719, 0.5,
      0.25247528776878615}},
    {"silu",
     0.3,
     {0.0700766045212884261, 0.0885944060290218181, 0.5, 0.308161094763762041}},
    {"silu",
     1,
     {0.206620964141907037, 0.355775519817352156, 0.5, 0.379482351632829309}},
    {"silu",
     7,
     {0.881721785226737957, 3.24703446292443021, 0.5, 0.488165334329025641}},
    {"silu",
     100,
     {3.92595601093640769, 49.8771731074720211, 0.5, 0.507153829128317166}},
    {"silu",
     1e8,
     {3989.42273839095427, 49999999.9998687533, 0.5, 0.500008576380733321}},
    {"softplus",
     1e-8,
     {0.693147181809945308, 0.480453018151069379, 0.5, 0.250000000624999997}},
    {"softplus",
     0.01,
     {0.694395623240809341, 0.484688391054288725, 0.5, 0.250621896935813914}},
    {"softplus",
     0.3,
     {0.729363015987475792, 0.609428929315212327, 0.5, 0.266411318262371913}},
    {"softplus",
     1,
     {0.806059183347439785, 0.921245908859300279, 0.5, 0.293379035858092963}},
    {"softplus",
     7,
     {1.27394133190114269, 3.78174995341278954, 0.5, 0.374039744967608863}},
    {"softplus",
     100,
     {4.05431303117114866, 50.0936170272515672, 0.5, 0.460740439890635923}},
    {"softplus",
     1e8,
     {3989.4228696377008, 50000000.0000959103, 0.5, 0.49996010577261609}},
    {"softsign",
     1e-8,
     {0, 9.99680936150154046e-9, 0.99984045308145785, 0.999680946143773968}},
    {"softsign",
     0.01,
     {0, 0.0075106853456559953, 0.865238544066411147, 0.756781710996024241}},
    {"softsign",
     0.3,
     {0, 0.095830014514405316, 0.554478175101855149, 0.35499663949249583}},
    {"softsign",
     1,
     {0, 0.183014021266547499, 0.412755100339183213, 0.2276713404221825}},
    {"softsign",
     7,
     {0, 0.387072959792412963, 0.218071945065564551, 0.0966483913736283197}},
    {"softsign",
     100,
     {0, 0.677413502853857899, 0.071760189513585172, 0.0264878419359537675}},
    {"softsign",
     1e8,
     {0, 0.998600750798116217, 0.0000797784634754248624,
      0.0000265961518938147161}},
};

TEST(ActivationMeans, AreTheReferences) {
  for (const Reference& r : kReferences) {
    ExpectMeans(FindActivation(r.activation), r.q, r.means, 1e-10);
  }
}

TEST(ActivationMeans, AtZeroFIsConstant) {
  for (const Activation& f : Activations()) {
    if (f.homogeneous) continue;
    const PlainMeans means = Plain(ActivationMeans(f).ValuesAt(-HUGE_VAL));
    EXPECT_THAT(means.f, IsNear(f.value(0), 1e-15)) << f.name;
    EXPECT_THAT(means.f2, IsNear(f.value(0) * f.value(0), 1e-15)) << f.name;
    EXPECT_THAT(means.slope, IsNear(f.slope(0), 1e-15)) << f.name;
  }
}

}  // namespace
}  // namespace initscope
