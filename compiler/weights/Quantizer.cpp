#include "compiler/weights/Quantizer.h"

#include <algorithm>

namespace tenon::weights {
namespace {

using qt::kPanelOutputs;
using qt::PanelLayout;

int64_t storedGroups(const PanelLayout &layout) { return layout.blocks() * layout.groupsPerBlock(); }
int64_t paddedInputs(const PanelLayout &layout) { return layout.linesPerGroup() * layout.inputsPerLine(); }
int64_t rowCodes(const PanelLayout &layout) { return storedGroups(layout) * paddedInputs(layout); }

void putHalf(uint8_t *at, float value) {
  const uint16_t half = floatToF16(value);
  std::memcpy(at, &half, 2);
}

// Eight codes in one word: those of inputs 4 to 7 above those of 0 to 3.
uint32_t joinNibbles(const uint8_t *codes) {
  uint32_t low, high;
  std::memcpy(&low, codes, 4);
  std::memcpy(&high, codes + 4, 4);
  return low | high << 4;
}

} // namespace

uint64_t PanelMaker::bufferBytes(const RowSource &source, const qt::Storage &storage) {
  const PanelLayout layout(storage, static_cast<int64_t>(source.columns()));
  const auto perRow = static_cast<uint64_t>(rowCodes(layout) + storedGroups(layout) * 5);
  return kPanelOutputs * (perRow + source.columns() * elementBytes(source.element())) + source.columns() * 4;
}

// Rows that are not there, and what fills up groups and blocks: the code that stands for zero, with scale 0.
void PanelMaker::clear(const PanelLayout &layout, int64_t rows) {
  const auto all = static_cast<size_t>(kPanelOutputs * rowCodes(layout));
  const auto groups = static_cast<size_t>(kPanelOutputs * storedGroups(layout));
  const auto zero = static_cast<uint8_t>(layout.storage.zeroPoints ? 0 : layout.storage.fixedZero());
  const bool whole = rows == kPanelOutputs && rowCodes(layout) == layout.columns;
  codes_.resize(std::max(codes_.size(), all));
  if (!whole)
    std::fill_n(codes_.begin(), all, zero);
  zeros_.assign(std::max(zeros_.size(), groups), zero);
  scales_.assign(std::max(scales_.size(), groups), 0.0f);
}

void PanelMaker::quantizeRow(const PanelLayout &layout, const Quantizer &quantizer, int64_t row) {
  for (int64_t g = 0; g < layout.groups(); ++g) {
    const int64_t at = g * layout.groupInputs(), count = std::min(layout.groupInputs(), layout.columns - at);
    const int64_t slot = row * storedGroups(layout) + g, padded = paddedInputs(layout);
    uint8_t *codes = codes_.data() + row * rowCodes(layout) + g * padded;
    quantizer.group(values_.data() + at, count, codes, scales_[static_cast<size_t>(slot)],
                    zeros_[static_cast<size_t>(slot)]);
    std::fill_n(codes + count, padded - count, zeros_[static_cast<size_t>(slot)]);
  }
}

void PanelMaker::write(const PanelLayout &layout, uint8_t *panel) const {
  const int64_t stride = rowCodes(layout), padded = paddedInputs(layout);
  for (int64_t g = 0; g < storedGroups(layout); ++g) {
    for (int64_t r = 0; r < kPanelOutputs; ++r) {
      const auto slot = static_cast<size_t>(r * storedGroups(layout) + g);
      if (layout.floatScales())
        std::memcpy(panel + layout.scales(g) + 4 * r, &scales_[slot], 4);
      else
        putHalf(panel + layout.scales(g) + 2 * r, scales_[slot]);
      if (layout.storage.zeroPoints)
        putHalf(panel + layout.zeros(g) + 2 * r, zeros_[slot]);
    }
    const uint8_t *codes = codes_.data() + g * padded;
    uint8_t *out = panel + layout.lines(g);
    if (layout.storage.bits == 4)
      for (int64_t line = 0; line < layout.linesPerGroup(); ++line, codes += 8)
        for (int64_t r = 0; r < kPanelOutputs; ++r, out += 4) {
          const uint32_t word = joinNibbles(codes + r * stride);
          std::memcpy(out, &word, 4);
        }
    else
      for (int64_t line = 0; line < layout.linesPerGroup(); ++line, codes += 4)
        for (int64_t r = 0; r < kPanelOutputs; ++r, out += 4)
          std::memcpy(out, codes + r * stride, 4);
  }
}

// Blocks of a file have whole groups of 32, which lie in a row of codes side by side.
Status PanelMaker::readCodes(const RowSource &source, const PanelLayout &layout, uint64_t first, int64_t rows) {
  if (layout.columns % layout.groupInputs() != 0 || paddedInputs(layout) != layout.groupInputs() ||
      layout.floatScales())
    return Status(Code::Internal, "a source of codes whose rows are no whole groups");
  halves_.resize(static_cast<size_t>(layout.groups()));
  for (int64_t r = 0; r < rows; ++r) {
    TENON_TRY(
        source.readCodes(first + static_cast<uint64_t>(r), 1, codes_.data() + r * rowCodes(layout), halves_.data()));
    for (int64_t g = 0; g < layout.groups(); ++g)
      scales_[static_cast<size_t>(r * storedGroups(layout) + g)] = f16ToFloat(halves_[static_cast<size_t>(g)]);
  }
  return Status::ok();
}

Status PanelMaker::make(const RowSource &source, const Quantizer &quantizer, uint64_t first, uint64_t count,
                        uint8_t *panel) {
  const PanelLayout layout(quantizer.storage, static_cast<int64_t>(source.columns()));
  clear(layout, static_cast<int64_t>(count));
  if (quantizer.group) {
    const uint64_t rowBytes = source.columns() * elementBytes(source.element());
    raw_.resize(std::max<size_t>(raw_.size(), count * rowBytes));
    values_.resize(std::max<size_t>(values_.size(), source.columns()));
    TENON_TRY(source.read(first, count, raw_.data()));
    for (uint64_t r = 0; r < count; ++r) {
      convertElements(source.element(), raw_.data() + r * rowBytes, Element::F32, values_.data(), source.columns());
      quantizeRow(layout, quantizer, static_cast<int64_t>(r));
    }
  } else {
    TENON_TRY(readCodes(source, layout, first, static_cast<int64_t>(count)));
  }
  write(layout, panel);
  return Status::ok();
}

} // namespace tenon::weights
