#include "test/codegen/KernelHarness.h"
#include "codegen/common/KernelBuilder.h"
#include "codegen/cpu/Targets.h"
#include "dialects/interfaces/TensorBytes.h"
#include "dialects/model/CacheLayout.h"
#include "dialects/model/Evaluate.h"
#include "dialects/model/Model.h"
#include "dialects/model/ReferenceTensor.h"
#include "mlir/Parser/Parser.h"
#include "passes/tile/Tiling.h"
#include "runtime/device/cpu/HostFeatures.h"
#include "test/codegen/EmulateIsa.h"
#include "test/codegen/QuantizedBytes.h"
#include "llvm/ADT/APFloat.h"
#include <bit>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::codegen;
using tenon::test::GuardedBuffer;

MLIRContext &tenon::test::context() {
  static MLIRContext *context = [] {
    DialectRegistry registry;
    codegen::cpu::registerPipelineDialects(registry);
    auto *made = new MLIRContext(registry);
    made->loadAllAvailableDialects();
    return made;
  }();
  return *context;
}

Host tenon::test::thisHost() {
  const tenon::cpu::HostFeatures &host = tenon::cpu::HostFeatures::get();
  return {host.arch, host.features};
}

kernel::TargetAttr tenon::test::target(const std::string &spec) {
  FailureOr<kernel::TargetAttr> target =
      codegen::cpu::resolveTarget(&context(), spec, thisHost(), [] { return emitError(UnknownLoc::get(&context())); });
  EXPECT_TRUE(succeeded(target)) << spec;
  return *target;
}

tenon::test::Execution tenon::test::executionFor(kernel::TargetAttr target) {
  std::vector<std::string> needed;
  for (StringRef feature : target.getFeatures().getAsValueRange<StringAttr>())
    needed.push_back(feature.drop_front().str());
  if (tenon::cpu::HostFeatures::get().missing(needed).empty())
    return {codegen::cpu::Machine::of(target), nullptr};
  return emulated();
}

tenon::test::Execution tenon::test::emulated() {
  return {codegen::cpu::Machine::of(test::target("cpu:x86-64-v3")), emulateIsa};
}

// --- Between reference values and the bytes that kernels see.

static uint16_t toF16Bits(float value) {
  llvm::APFloat number(value);
  bool lost;
  number.convert(llvm::APFloat::IEEEhalf(), llvm::APFloat::rmNearestTiesToEven, &lost);
  return static_cast<uint16_t>(number.bitcastToAPInt().getZExtValue());
}

static float fromF16Bits(uint16_t bits) {
  llvm::APFloat number(llvm::APFloat::IEEEhalf(), llvm::APInt(16, bits));
  return number.convertToFloat();
}

static void writeElement(uint8_t *at, Type type, float value) {
  if (type.isF32())
    memcpy(at, &value, 4);
  else if (type.isInteger(8))
    *at = static_cast<uint8_t>(static_cast<int8_t>(value));
  else {
    uint16_t bits = type.isF16() ? toF16Bits(value) : std::bit_cast<uint32_t>(ref::round(value, type)) >> 16;
    memcpy(at, &bits, 2);
  }
}

static float readElement(const uint8_t *at, Type type) {
  float value;
  uint16_t bits;
  if (type.isF32())
    return memcpy(&value, at, 4), value;
  if (type.isInteger(8))
    return static_cast<int8_t>(*at);
  memcpy(&bits, at, 2);
  return type.isF16() ? fromF16Bits(bits) : std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

static GuardedBuffer bytesOfTensor(const ref::Tensor &tensor, RankedTensorType type, kernel::PackedAttr layout) {
  Type element = type.getElementType();
  if (tensor.isQuantized())
    return tenon::test::quantizedBytes(tensor, type);
  if (element.isInteger(32)) {
    GuardedBuffer buffer(tensor.i32.size() * 4);
    memcpy(buffer.data(), tensor.i32.data(), tensor.i32.size() * 4);
    return buffer;
  }
  int64_t size = KernelBuilder::bytesOf(element);
  if (!layout) {
    GuardedBuffer buffer(tensor.f32.size() * size);
    for (size_t i = 0; i < tensor.f32.size(); ++i)
      writeElement(buffer.data() + i * size, element, tensor.f32[i]);
    return buffer;
  }
  int64_t outputs = type.getDimSize(0), inputs = type.getDimSize(1), n = layout.getN(), k = layout.getK();
  GuardedBuffer buffer(layout.storedBytes(type));
  memset(buffer.data(), 0, buffer.size());
  for (int64_t o = 0; o < outputs; ++o)
    for (int64_t i = 0; i < inputs; ++i) {
      int64_t at = ((o / n) * llvm::divideCeil(inputs, k) + i / k) * n * k + (o % n) * k + i % k;
      writeElement(buffer.data() + at * size, element, tensor.f32[o * inputs + i]);
    }
  return buffer;
}

// `plain` is an element's index in the reference's cache; the offsets are from the start of a side.
template <typename Visit> static void forCache(const ref::Cache &c, const model::CacheLayout &layout, Visit visit) {
  for (int64_t page = 0; page < c.pages; ++page)
    for (int64_t head = 0; head < c.kvHeads; ++head)
      for (int64_t token = 0; token < c.pageTokens; ++token)
        for (int64_t d = 0; d < c.headDim; ++d) {
          int64_t start = head * layout.headBytes() + page * layout.pageBytes();
          visit(c.at(page, head, token) + d, start + layout.keyOffset(token, d), start + layout.valueOffset(token, d));
        }
}

// Scales of a head's tokens in a page: bytes on the left, the reference's on the right.
template <typename Visit> static void forScales(const ref::Cache &c, const model::CacheLayout &layout, Visit visit) {
  if (!layout.scaled)
    return;
  for (int64_t page = 0; page < c.pages; ++page)
    for (int64_t head = 0; head < c.kvHeads; ++head)
      for (int64_t token = 0; token < c.pageTokens; ++token)
        visit(head * layout.headBytes() + page * layout.pageBytes() + layout.scaleOffset(token),
              c.at(page, head, token) / c.headDim);
}

static std::vector<GuardedBuffer> cacheBytes(const ref::Cache &c, model::CacheType type) {
  model::CacheLayout layout(type);
  std::vector<GuardedBuffer> buffers;
  for (int side = 0; side < 2; ++side)
    buffers.emplace_back(layout.sideBytes());
  forCache(c, layout, [&](size_t plain, int64_t keyAt, int64_t valueAt) {
    writeElement(buffers[0].data() + keyAt, type.getElementType(), c.keys[plain]);
    writeElement(buffers[1].data() + valueAt, type.getElementType(), c.values[plain]);
  });
  forScales(c, layout, [&](int64_t at, size_t token) {
    memcpy(buffers[0].data() + at, &c.keyScales[token], 4);
    memcpy(buffers[1].data() + at, &c.valueScales[token], 4);
  });
  return buffers;
}

static void readCache(ref::Cache &c, model::CacheType type, const GuardedBuffer &keys, const GuardedBuffer &values) {
  model::CacheLayout layout(type);
  forCache(c, layout, [&](size_t plain, int64_t keyAt, int64_t valueAt) {
    c.keys[plain] = readElement(keys.data() + keyAt, type.getElementType());
    c.values[plain] = readElement(values.data() + valueAt, type.getElementType());
  });
  forScales(c, layout, [&](int64_t at, size_t token) {
    memcpy(&c.keyScales[token], keys.data() + at, 4);
    memcpy(&c.valueScales[token], values.data() + at, 4);
  });
}

// --- One kernel.

tenon::test::KernelCase::KernelCase(const std::string &text) : parsed(parseSourceString<ModuleOp>(text, &context())) {
  EXPECT_TRUE(parsed) << text;
  if (parsed)
    kernelFunc = *parsed->getOps<kernel::FuncOp>().begin();
}

void tenon::test::KernelCase::setTarget(kernel::TargetAttr target, kernel::TilingAttr tiling) {
  kernelFunc.setTargetAttr(target);
  kernelFunc.setTilingAttr(tiling ? tiling : chooseTiling(kernelFunc, target));
  code.reset();
}

std::vector<ref::Value> tenon::test::KernelCase::randomInputs(uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<ref::Value> inputs;
  for (auto [index, type] : llvm::enumerate(kernelFunc.getFunctionType().getInputs())) {
    ref::Value &input = inputs.emplace_back();
    if (auto cache = dyn_cast<model::CacheType>(type)) {
      input.cache = std::make_shared<ref::Cache>(
          ref::Cache{cache.getPages(), cache.getKvHeads(), cache.getPageTokens(), cache.getHeadDim(), {}, {}, {}, {}});
      size_t elements =
          static_cast<size_t>(cache.getPages() * cache.getKvHeads() * cache.getPageTokens() * cache.getHeadDim());
      std::normal_distribution<float> normal;
      bool scaled = cache.getElementType().isInteger(8);
      std::uniform_int_distribution<int> codes(-127, 127);
      for (std::vector<float> *side : {&input.cache->keys, &input.cache->values})
        for (side->resize(elements); float &value : *side)
          value = scaled ? static_cast<float>(codes(random)) : ref::round(normal(random), cache.getElementType());
      for (std::vector<float> *scales : {&input.cache->keyScales, &input.cache->valueScales})
        for (scales->resize(scaled ? elements / cache.getHeadDim() : 0); float &scale : *scales)
          scale = std::abs(normal(random)) / 64;
      continue;
    }
    auto tensor = cast<RankedTensorType>(type);
    input.tensor = std::make_shared<ref::Tensor>();
    input.tensor->shape.assign(tensor.getShape().begin(), tensor.getShape().end());
    if (isa<qt::QuantizedType>(tensor.getElementType())) {
      *input.tensor = randomQuantized(tensor, random);
      continue;
    }
    if (tensor.getElementType().isInteger(32)) {
      input.tensor->i32.resize(tensor.getNumElements());
      continue;
    }
    float deviation = kernelFunc.getLayout(index) ? 1 / std::sqrt(static_cast<float>(tensor.getDimSize(1))) : 1;
    std::normal_distribution<float> normal(0, deviation);
    for (input.tensor->f32.resize(tensor.getNumElements()); float &value : input.tensor->f32)
      value = ref::round(normal(random), tensor.getElementType());
  }
  return inputs;
}

std::vector<ref::Value> tenon::test::KernelCase::reference(const std::vector<ref::Value> &inputs) {
  struct NoSymbols : ref::Context {
    std::shared_ptr<ref::Tensor> weight(StringRef) override { return nullptr; }
    std::shared_ptr<ref::Cache> cache(StringRef) override { return nullptr; }
  } none;
  FailureOr<SmallVector<ref::Value>> results = model::evaluateRegion(kernelFunc.getBody(), inputs, none);
  EXPECT_TRUE(succeeded(results));
  return succeeded(results) ? std::vector<ref::Value>(results->begin(), results->end()) : std::vector<ref::Value>();
}

std::vector<ref::Value> tenon::test::KernelCase::run(const std::vector<ref::Value> &inputs, unsigned workers) {
  if (!code) {
    Execution execution = chosen ? *chosen : executionFor(*kernelFunc.getTarget());
    FailureOr<CodeImage> image = codegen::cpu::compileKernels(*parsed, execution.machine, 1, execution.rewrite);
    EXPECT_TRUE(succeeded(image));
    if (failed(image))
      return {};
    auto loaded = cpu::CodeModule::load(std::span(reinterpret_cast<const uint8_t *>(image->data()), image->size()),
                                        "test kernel");
    EXPECT_TRUE(loaded.isOk()) << loaded.status().message();
    if (!loaded.isOk())
      return {};
    code = std::make_unique<cpu::CodeModule>(std::move(*loaded));
  }
  auto symbol = code->symbol(kernelFunc.getSymName().str());
  EXPECT_TRUE(symbol.isOk());
  if (!symbol.isOk())
    return {};

  FunctionType type = kernelFunc.getFunctionType();
  std::vector<GuardedBuffer> buffers;
  for (auto [index, operand] : llvm::enumerate(type.getInputs())) {
    if (auto cache = dyn_cast<model::CacheType>(operand))
      llvm::move(cacheBytes(*inputs[index].cache, cache), std::back_inserter(buffers));
    else
      buffers.push_back(
          bytesOfTensor(*inputs[index].tensor, cast<RankedTensorType>(operand), kernelFunc.getLayout(index)));
  }
  size_t firstResult = buffers.size();
  for (Type result : type.getResults()) {
    auto tensor = cast<RankedTensorType>(result);
    buffers.emplace_back(*tenon::tensorBytes(tensor));
  }
  std::vector<void *> arguments;
  for (GuardedBuffer &buffer : buffers)
    arguments.push_back(buffer.data());
  EXPECT_EQ(arguments.size(), kernelPointers(type));

  auto kernel = reinterpret_cast<void (*)(void *const *, uint32_t, uint32_t)>(*symbol);
  for (uint32_t worker = 0; worker < workers; ++worker)
    kernel(arguments.data(), worker, workers);

  for (auto [index, buffer] : llvm::enumerate(buffers))
    EXPECT_TRUE(buffer.tailIsIntact()) << "argument " << index << " was overwritten past its end";
  for (size_t index = 0, at = 0; index < inputs.size(); at += pointersFor(type.getInput(index)), ++index)
    if (auto cache = dyn_cast<model::CacheType>(type.getInput(index)))
      readCache(*inputs[index].cache, cache, buffers[at], buffers[at + 1]);
  std::vector<ref::Value> results;
  for (auto [index, result] : llvm::enumerate(type.getResults())) {
    auto tensor = cast<RankedTensorType>(result);
    auto out = std::make_shared<ref::Tensor>();
    out->shape.assign(tensor.getShape().begin(), tensor.getShape().end());
    const uint8_t *bytes = buffers[firstResult + index].data();
    if (qt::rowSchemeOf(tensor)) {
      results.push_back({std::make_shared<ref::Tensor>(readRows(bytes, tensor)), nullptr});
      continue;
    }
    for (int64_t i = 0; i < tensor.getNumElements(); ++i)
      out->f32.push_back(
          readElement(bytes + i * KernelBuilder::bytesOf(tensor.getElementType()), tensor.getElementType()));
    results.push_back({out, nullptr});
  }
  return results;
}

double tenon::test::relativeError(const ref::Tensor &got, const ref::Tensor &expected) {
  double squares = 0, numbers = 0, worst = 0;
  for (float value : expected.f32)
    if (!std::isnan(value)) {
      squares += double(value) * value;
      ++numbers;
    }
  double scale = std::sqrt(squares / std::max(1.0, numbers));
  for (auto [g, e] : llvm::zip_equal(got.f32, expected.f32)) {
    if (std::isnan(g) != std::isnan(e))
      return INFINITY;
    if (!std::isnan(g) && g != e)
      worst = std::max(worst, std::abs(double(g) - e) / (scale > 0 ? scale : 1));
  }
  return worst;
}
