// Quantized weights as the packer makes them: 16 rows of numbers, or of a source's own codes, into the bytes of one
// panel (dialects/qt/Storage.h). The rule that finds codes comes in as a function, so nothing here knows a scheme.
#pragma once

#include "compiler/weights/RowSource.h"
#include "dialects/qt/Storage.h"

#include <functional>
#include <vector>

namespace tenon::weights {

// The codes of one group of one output, as qt::Scheme::quantizeGroup finds them: pure, called from many threads.
using GroupQuantizer =
    std::function<void(const float *values, int64_t count, uint8_t *codes, float &scale, uint8_t &zero)>;

struct Quantizer {
  qt::Storage storage;
  GroupQuantizer group; // empty: the source has codes of this storage
};

// One worker's buffers for panels of one weight after another.
class PanelMaker {
public:
  // Rows [first, first + count), count <= 16, of `source` into `panel` (PanelLayout::panelBytes() bytes).
  Status make(const RowSource &source, const Quantizer &quantizer, uint64_t first, uint64_t count, uint8_t *panel);

  // What the buffers take for such a panel.
  static uint64_t bufferBytes(const RowSource &source, const qt::Storage &storage);

private:
  void quantizeRow(const qt::PanelLayout &layout, const Quantizer &quantizer, int64_t row);
  Status readCodes(const RowSource &source, const qt::PanelLayout &layout, uint64_t first, int64_t rows);
  void clear(const qt::PanelLayout &layout, int64_t rows);
  void write(const qt::PanelLayout &layout, uint8_t *panel) const;

  // Of 16 rows, those past the weight's last included: codes by row, each group padded to whole lines; scales and zero
  // points by row and group, groups that fill up a block included.
  std::vector<uint8_t> codes_, zeros_, raw_;
  std::vector<float> scales_, values_;
  std::vector<uint16_t> halves_;
};

} // namespace tenon::weights
