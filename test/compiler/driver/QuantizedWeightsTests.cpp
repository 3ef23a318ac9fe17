// Quantized weights from symbol to packed bytes: what the bytes of a panel stand for is what the interpreter computes
// with, for every scheme and shapes that fill neither panels nor groups nor lines.
#include "compiler/driver/WeightJobs.h"
#include "compiler/interpret/ModelContents.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/model/Model.h"
#include "dialects/qt/Qt.h"
#include "mlir/Parser/Parser.h"
#include "runtime/base/Digest.h"
#include "gtest/gtest.h"

#include <fstream>

using namespace mlir;
using namespace tenon;

namespace {

struct Case {
  const char *scheme;
  int64_t rows, columns;
};

void PrintTo(const Case &c, std::ostream *out) { *out << c.scheme << " " << c.rows << " x " << c.columns; }

std::string moduleText(const Case &c) {
  std::string shape = std::to_string(c.rows) + "x" + std::to_string(c.columns);
  std::string scheme = std::string("#qt.") + c.scheme;
  bool nibbles = scheme.starts_with("#qt.int4") || scheme == "#qt.q4_0";
  return "model.weight @w : tensor<" + shape + "x!qt.quantized<" + scheme + ">> from #model.checkpoint<\"w\", tensor<" +
         shape + "xbf16>> recipe [#qt.quantize<" + scheme + ">, #kernel.packed<n = 16, k = " + (nibbles ? "8" : "4") +
         ">]";
}

struct Packed {
  std::vector<uint8_t> bytes;
  Digest digest;
};

Packed pack(ModuleOp module, const ModelDirectory &directory, unsigned workers) {
  auto table = weightTable(module, directory);
  EXPECT_TRUE(table.isOk()) << table.status().message();
  const std::string path = testing::TempDir() + "quantized.bin";
  auto file = io::OutputFile::create(path, 0);
  EXPECT_TRUE(file.isOk() && file->resize(table->bytes).isOk());
  weights::PackOptions options;
  options.workers = workers;
  auto packed = weights::packSegment(table->jobs, table->bytes, *file, 0, options);
  EXPECT_TRUE(packed.isOk()) << packed.status().message();
  EXPECT_TRUE(file->commit().isOk());
  std::ifstream in(path, std::ios::binary);
  return {{std::istreambuf_iterator<char>(in), {}}, packed->digest};
}

float half(const uint8_t *at) {
  _Float16 value;
  std::memcpy(&value, at, 2);
  return static_cast<float>(value);
}

// One number of a packed matrix, read as dialects/qt/Storage.h describes it. `input` may be in the padding.
struct Element {
  float scale, zero;
  int code;
};

Element elementAt(const uint8_t *panel, const qt::PanelLayout &layout, int64_t lane, int64_t group, int64_t within) {
  Element element{};
  const uint8_t *scales = panel + layout.scales(group);
  if (layout.floatScales())
    std::memcpy(&element.scale, scales + 4 * lane, 4);
  else
    element.scale = half(scales + 2 * lane);
  element.zero = layout.storage.zeroPoints ? half(panel + layout.zeros(group) + 2 * lane)
                                           : static_cast<float>(layout.storage.fixedZero());
  int64_t perLine = layout.inputsPerLine(), i = within % perLine;
  uint8_t byte = panel[layout.lines(group) + within / perLine * 64 + 4 * lane + i % 4];
  element.code = layout.storage.bits == 8 ? byte : i < 4 ? byte & 15 : byte >> 4;
  return element;
}

class QuantizedWeights : public testing::TestWithParam<Case> {
protected:
  QuantizedWeights() {
    context.loadDialect<model::ModelDialect, qt::QtDialect, kernel::KernelDialect>();
    module = parseSourceString<ModuleOp>(moduleText(GetParam()), &context);
  }

  // A source that holds any weight.
  static ModelDirectory anyModel(const char *kind) {
    auto directory = ModelDirectory::open(std::string(kind) + TENON_TEST_DATA "/models/verse-1m/config.json");
    EXPECT_TRUE(directory.isOk()) << directory.status().message();
    return *std::move(directory);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ModelDirectory directory = anyModel("random:");
};

TEST_P(QuantizedWeights, PackedBytesAreWhatTheInterpreterComputesWith) {
  ASSERT_TRUE(module);
  const auto [name, rows, columns] = GetParam();
  auto weight = *module->getOps<model::WeightOp>().begin();
  qt::PanelLayout layout(qt::schemeOf(weight.getTensorType()).getStorage(), columns);
  Packed packed = pack(*module, directory, 2);
  ASSERT_GE(packed.bytes.size(), static_cast<size_t>((rows + 15) / 16 * layout.panelBytes()));
  ModelContents contents(*module, directory);
  std::shared_ptr<ref::Tensor> reference = contents.weight("w");
  ASSERT_TRUE(reference && reference->isQuantized());

  int64_t groups = layout.groups(), stored = layout.blocks() * layout.groupsPerBlock(), nonZero = 0;
  for (int64_t r = 0; r < (rows + 15) / 16 * 16; ++r)
    for (int64_t g = 0; g < stored; ++g)
      for (int64_t i = 0; i < layout.linesPerGroup() * layout.inputsPerLine(); ++i) {
        int64_t c = g * layout.groupInputs() + i;
        Element got = elementAt(packed.bytes.data() + r / 16 * layout.panelBytes(), layout, r % 16, g, i);
        bool inside = r < rows && g < groups && i < layout.groupInputs() && c < columns;
        if (!inside) { // padding: the code that stands for zero, and where the whole group is padding scale 0
          ASSERT_EQ(static_cast<float>(got.code), got.zero) << "row " << r << " group " << g << " input " << i;
          ASSERT_TRUE((r < rows && g < groups) || got.scale == 0) << "row " << r << " group " << g;
          continue;
        }
        auto at = static_cast<size_t>(r * columns + c);
        ASSERT_EQ(static_cast<float>(got.code) - got.zero, static_cast<float>(reference->i32[at]))
            << "row " << r << " column " << c;
        ASSERT_EQ(got.scale, reference->scales[static_cast<size_t>(r * groups + g)]) << "row " << r << " group " << g;
        nonZero += got.scale != 0 && reference->i32[at] != 0;
      }
  EXPECT_GT(nonZero, rows * columns / 2);
}

TEST_P(QuantizedWeights, BytesAndDigestDoNotDependOnWorkers) {
  ASSERT_TRUE(module);
  Packed one = pack(*module, directory, 1), three = pack(*module, directory, 3);
  EXPECT_EQ(one.bytes, three.bytes);
  EXPECT_EQ(one.digest, three.digest);
  EXPECT_EQ(one.digest, treeDigest(one.bytes));
}

TEST_P(QuantizedWeights, ZerosStandForZeros) {
  ASSERT_TRUE(module);
  directory = anyModel("zeros:");
  const auto [name, rows, columns] = GetParam();
  qt::Scheme scheme = qt::schemeOf((*module->getOps<model::WeightOp>().begin()).getTensorType());
  qt::PanelLayout layout(scheme.getStorage(), columns);
  Packed packed = pack(*module, directory, 1);
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t g = 0; g < layout.groups(); ++g)
      ASSERT_EQ(elementAt(packed.bytes.data() + r / 16 * layout.panelBytes(), layout, r % 16, g, 0).scale, 0);
}

INSTANTIATE_TEST_SUITE_P(
    All, QuantizedWeights,
    testing::Values(Case{"int8", 1, 4}, Case{"int8", 17, 33}, Case{"int8", 32, 128},
                    Case{"int8_group<group = 32>", 17, 33}, Case{"int8_group<group = 64, asym = true>", 40, 200},
                    Case{"int8_group<group = 128>", 16, 128}, Case{"int4_group<group = 32>", 1, 35},
                    Case{"int4_group<group = 32, asym = true>", 33, 96}, Case{"int4_group<group = 64>", 31, 320},
                    Case{"int4_group<group = 128>", 17, 704}, Case{"int4_group<group = 128, asym = true>", 16, 130},
                    Case{"int4_group<group = 128>", 3000, 5120}, // panels straddle blocks
                    Case{"q8_0", 5, 96}, Case{"q8_0", 48, 50}, Case{"q4_0", 18, 33}, Case{"q4_0", 16, 64}));

} // namespace
