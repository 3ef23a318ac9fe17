// The expansions of exp, tanh, erf and the bf16 conversions against libm in double, over bit patterns spread over all
// of f32.
#include "codegen/cpu/Link.h"
#include "codegen/cpu/Pipeline.h"
#include "dialects/model/ReferenceTensor.h"
#include "mlir/Parser/Parser.h"
#include "test/codegen/KernelHarness.h"
#include <bit>
#include <cfloat>
#include <cmath>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::test;

namespace {
// Results in `out` for `in`, both vectors of `count` 16-lane groups: code for x86-64-v3 around `body`, which computes
// %y from %x.
template <typename In, typename Out>
std::vector<Out> map(const std::string &inType, const std::string &outType, const std::string &body,
                     const std::vector<In> &in) {
  std::string text = R"(
    func.func @f(%args: !llvm.ptr, %groups: i32, %unused: i32) {
      %zero = arith.constant 0 : i64
      %one = arith.constant 1 : i64
      %end = arith.extui %groups : i32 to i64
      %in = llvm.load %args : !llvm.ptr -> !llvm.ptr
      %slot = llvm.getelementptr %args[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
      %out = llvm.load %slot : !llvm.ptr -> !llvm.ptr
      scf.for %i = %zero to %end step %one : i64 {
        %from = llvm.getelementptr %in[%i] : (!llvm.ptr, i64) -> !llvm.ptr, vector<16xIN>
        %to = llvm.getelementptr %out[%i] : (!llvm.ptr, i64) -> !llvm.ptr, vector<16xOUT>
        %x = llvm.load %from {alignment = 2 : i64} : !llvm.ptr -> vector<16xIN>
        BODY
        llvm.store %y, %to {alignment = 2 : i64} : vector<16xOUT>, !llvm.ptr
      }
      return
    })";
  auto replace = [&](const std::string &what, const std::string &with) {
    for (size_t at; (at = text.find(what)) != std::string::npos;)
      text.replace(at, what.size(), with);
  };
  replace("BODY", body);
  replace("xIN", "x" + inType);
  replace("xOUT", "x" + outType);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context());
  EXPECT_TRUE(module);
  EXPECT_TRUE(succeeded(codegen::cpu::lowerToLLVM(*module)));
  auto object =
      codegen::cpu::generate(*module, codegen::cpu::Machine::of(target("cpu:x86-64-v3")), codegen::cpu::Stage::Object);
  EXPECT_TRUE(succeeded(object));
  auto image = codegen::cpu::linkSharedObject(*object, [&] { return module->emitError(); });
  EXPECT_TRUE(succeeded(image));
  auto code = cpu::CodeModule::load(std::span(reinterpret_cast<const uint8_t *>(image->data()), image->size()), "math");
  EXPECT_TRUE(code.isOk());
  auto function = reinterpret_cast<void (*)(void *const *, uint32_t, uint32_t)>(*code->symbol("f"));
  std::vector<Out> out(in.size());
  void *arguments[] = {const_cast<In *>(in.data()), out.data()};
  function(arguments, static_cast<uint32_t>(in.size() / 16), 1);
  return out;
}

// Every 1021st bit pattern (a prime: all exponents, all low bits), then the ends.
std::vector<float> spreadOverAllFloats() {
  std::vector<float> values;
  for (uint64_t bits = 0; bits <= UINT32_MAX; bits += 1021)
    values.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
  for (float special : {0.0f, -0.0f, INFINITY, -INFINITY, NAN, 88.7f, -87.3f, -103.9f, 1.0f, -1.0f, 0.56f, 4.0f})
    values.push_back(special);
  while (values.size() % 16)
    values.push_back(0);
  return values;
}

// Distance in units of the last place of the nearest f32; the smallest normal number's place below that.
double ulps(float got, double exact) {
  float nearest = static_cast<float>(exact);
  if (std::isnan(exact) || std::isinf(nearest))
    return std::isnan(exact) == std::isnan(got) && (std::isnan(exact) || got == nearest) ? 0 : INFINITY;
  int exponent = std::max(std::ilogb(nearest == 0 ? FLT_MIN : nearest), -126);
  return std::abs(got - exact) / std::ldexp(1.0, exponent - 23);
}

void expectWithin(const std::string &op, double (*exact)(double), double limit) {
  std::vector<float> in = spreadOverAllFloats();
  std::vector<float> out = map<float, float>("f32", "f32", "%y = " + op + " %x : vector<16xf32>", in);
  double worst = 0;
  float where = 0;
  for (size_t i = 0; i < in.size(); ++i)
    if (double distance = ulps(out[i], exact(in[i])); distance > worst) {
      worst = distance;
      where = in[i];
    }
  EXPECT_LE(worst, limit) << op << " of " << where;
  printf("%s: at most %.2f ulp, at %g\n", op.c_str(), worst, where);
}

TEST(ExpandMath, exp) { expectWithin("math.exp", std::exp, 2); }
TEST(ExpandMath, tanh) { expectWithin("math.tanh", std::tanh, 2); }
TEST(ExpandMath, erf) { expectWithin("math.erf", std::erf, 2); }

TEST(ExpandMath, everyBf16Widens) {
  std::vector<uint16_t> in(1 << 16);
  for (size_t i = 0; i < in.size(); ++i)
    in[i] = static_cast<uint16_t>(i);
  auto out = map<uint16_t, uint32_t>("bf16", "f32", "%y = arith.extf %x : vector<16xbf16> to vector<16xf32>", in);
  for (size_t i = 0; i < in.size(); ++i)
    ASSERT_EQ(out[i], uint32_t(in[i]) << 16);
}

TEST(ExpandMath, roundingToBf16MatchesTheReference) {
  std::vector<float> in = spreadOverAllFloats();
  auto out = map<float, uint16_t>("f32", "bf16", "%y = arith.truncf %x : vector<16xf32> to vector<16xbf16>", in);
  Type bf16 = BFloat16Type::get(&context());
  for (size_t i = 0; i < in.size(); ++i) {
    float back = std::bit_cast<float>(static_cast<uint32_t>(out[i]) << 16), expected = ref::round(in[i], bf16);
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(back)) << in[i];
    else
      ASSERT_EQ(std::bit_cast<uint32_t>(back), std::bit_cast<uint32_t>(expected)) << in[i];
  }
}
} // namespace
