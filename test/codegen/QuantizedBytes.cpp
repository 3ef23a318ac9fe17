#include "test/codegen/QuantizedBytes.h"
#include "dialects/interfaces/TensorBytes.h"
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::qt;

int32_t tenon::test::zeroPoint(Storage storage, int64_t output, int64_t group) {
  if (!storage.zeroPoints)
    return static_cast<int32_t>(storage.fixedZero());
  return static_cast<int32_t>((output * 37 + group * 11 + (output ^ group) * 5) % (storage.maxCode() + 1));
}

ref::Tensor tenon::test::randomQuantized(RankedTensorType type, std::mt19937 &random) {
  ref::Tensor tensor;
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  tensor.shape = {rows, columns};
  tensor.i32.resize(rows * columns);
  Scheme scheme = schemeOf(type);
  int64_t group = scheme ? scheme.getStorage().group : rowSchemeOf(type).getGroup();
  tensor.group = group ? group : columns;
  int64_t groups = llvm::divideCeil(columns, tensor.group);
  // Steps of 1/16 around one, so that sums of few products stay exact.
  int64_t largest = scheme ? scheme.getStorage().maxCode() / 2 : 127;
  std::uniform_int_distribution<int> sixteenths(8, 31);
  double size = (scheme ? 1 / std::sqrt(static_cast<double>(columns)) : 1) / static_cast<double>(largest);
  float unit = std::exp2(std::round(std::log2(static_cast<float>(size)))) / 16;
  for (int64_t i = 0; i < rows * groups; ++i)
    tensor.scales.push_back(static_cast<float>(sixteenths(random)) * unit);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      int32_t &code = tensor.i32[r * columns + c];
      if (!scheme) {
        code = std::uniform_int_distribution<int32_t>(-127, 127)(random);
        continue;
      }
      Storage storage = scheme.getStorage();
      code = std::uniform_int_distribution<int32_t>(0, static_cast<int32_t>(storage.maxCode()))(random) -
             zeroPoint(storage, r, c / tensor.group);
    }
  return tensor;
}

size_t tenon::test::quantizedSize(RankedTensorType type) { return *tensorBytes(type); }

static void writeHalf(uint8_t *at, float value) {
  _Float16 half = static_cast<_Float16>(value);
  memcpy(at, &half, 2);
}

static tenon::test::GuardedBuffer panelBytes(const ref::Tensor &tensor, RankedTensorType type) {
  Storage storage = schemeOf(type).getStorage();
  int64_t outputs = type.getDimSize(0), inputs = type.getDimSize(1);
  PanelLayout layout(storage, inputs);
  tenon::test::GuardedBuffer buffer(tenon::test::quantizedSize(type));
  for (int64_t output = 0; output < static_cast<int64_t>(llvm::alignTo(outputs, kPanelOutputs)); ++output) {
    uint8_t *panel = buffer.data() + output / kPanelOutputs * layout.panelBytes();
    int64_t lane = output % kPanelOutputs, stored = layout.blocks() * layout.groupsPerBlock();
    if (lane == 0)
      memset(panel, 0, layout.panelBytes());
    for (int64_t group = 0; group < stored; ++group) {
      bool exists = output < outputs && group < layout.groups();
      float scale = exists ? tensor.scales[output * layout.groups() + group] : 0;
      int32_t zero = tenon::test::zeroPoint(storage, output, group);
      uint8_t *scales = panel + layout.scales(group);
      if (layout.floatScales())
        memcpy(scales + 4 * lane, &scale, 4);
      else
        writeHalf(scales + 2 * lane, scale);
      if (storage.zeroPoints)
        writeHalf(panel + layout.zeros(group) + 2 * lane, static_cast<float>(zero));
      for (int64_t i = 0; i < layout.linesPerGroup() * layout.inputsPerLine(); ++i) {
        int64_t input = group * layout.groupInputs() + i;
        bool inside = exists && i < layout.groupInputs() && input < inputs;
        int32_t code = inside ? tensor.i32[output * inputs + input] + zero : zero;
        EXPECT_TRUE(code >= 0 && code <= storage.maxCode()) << "code " << code << " of input " << input;
        uint8_t *line = panel + layout.lines(group) + i / layout.inputsPerLine() * kLineBytes;
        int64_t in = i % layout.inputsPerLine();
        line[4 * lane + in % 4] |= static_cast<uint8_t>(code << (storage.bits == 4 && in >= 4 ? 4 : 0));
      }
    }
  }
  return buffer;
}

static int32_t sumOf(const ref::Tensor &tensor, RowLayout layout, int64_t row, int64_t index) {
  int64_t span = layout.sums ? layout.sums : layout.columns, sum = 0;
  for (int64_t i = index * span; i < std::min((index + 1) * span, layout.columns); ++i)
    sum += tensor.i32[row * layout.columns + i];
  return static_cast<int32_t>(sum * layout.sumFactor());
}

tenon::test::GuardedBuffer tenon::test::quantizedBytes(const ref::Tensor &tensor, RankedTensorType type) {
  if (schemeOf(type))
    return panelBytes(tensor, type);
  RowLayout layout = rowLayout(rowSchemeOf(type), type.getDimSize(1));
  GuardedBuffer buffer(quantizedSize(type));
  for (int64_t r = 0; r < type.getDimSize(0); ++r) {
    uint8_t *row = buffer.data() + r * layout.bytes();
    memset(row, 0, layout.paddedColumns());
    for (int64_t i = 0; i < layout.columns; ++i)
      row[i] = static_cast<uint8_t>(tensor.i32[r * layout.columns + i]);
    memcpy(row + layout.scales(), &tensor.scales[r * layout.scaleCount()], 4 * layout.scaleCount());
    for (int64_t i = 0; i < layout.sumCount(); ++i) {
      int32_t sum = sumOf(tensor, layout, r, i);
      memcpy(row + layout.sumsAt() + 4 * i, &sum, 4);
    }
  }
  return buffer;
}

ref::Tensor tenon::test::readRows(const uint8_t *bytes, RankedTensorType type) {
  RowLayout layout = rowLayout(rowSchemeOf(type), type.getDimSize(1));
  ref::Tensor tensor;
  tensor.shape = {type.getDimSize(0), type.getDimSize(1)};
  tensor.group = layout.group ? layout.group : layout.columns;
  tensor.scales.resize(type.getDimSize(0) * layout.scaleCount());
  for (int64_t r = 0; r < type.getDimSize(0); ++r) {
    const uint8_t *row = bytes + r * layout.bytes();
    for (int64_t i = 0; i < layout.columns; ++i)
      tensor.i32.push_back(static_cast<int8_t>(row[i]));
    for (int64_t i = layout.columns; i < layout.paddedColumns(); ++i)
      EXPECT_EQ(row[i], 0) << "padding of row " << r;
    memcpy(&tensor.scales[r * layout.scaleCount()], row + layout.scales(), 4 * layout.scaleCount());
    for (int64_t i = 0; i < layout.sumCount(); ++i) {
      int32_t sum;
      memcpy(&sum, row + layout.sumsAt() + 4 * i, 4);
      EXPECT_EQ(sum, sumOf(tensor, layout, r, i)) << "sum " << i << " of row " << r;
    }
  }
  return tensor;
}
