#include "compiler/weights/BlockRows.h"

#include <vector>

namespace tenon::weights {
namespace {

class BlockRows final : public RowSource {
public:
  BlockRows(const io::MappedFile &file, uint64_t offset, uint64_t rows, uint64_t columns, BlockFormat format)
      : RowSource(rows, columns, Element::F32), file_(file), offset_(offset), format_(format) {}

  // Row by row, so that the copy of the blocks stays small.
  Status read(uint64_t first, uint64_t count, void *out) const override {
    return forEachRow(first, count, [&](uint64_t row, const uint8_t *blocks) {
      decodeBlocks(format_, blocks, blocksPerRow(), static_cast<float *>(out) + row * columns());
    });
  }
  Status readCodes(uint64_t first, uint64_t count, uint8_t *codes, uint16_t *scales) const override {
    return forEachRow(first, count, [&](uint64_t row, const uint8_t *blocks) {
      splitBlocks(format_, blocks, blocksPerRow(), codes + row * columns(), scales + row * blocksPerRow());
    });
  }

private:
  uint64_t blocksPerRow() const { return columns() / kBlockColumns; }

  template <typename Visit> Status forEachRow(uint64_t first, uint64_t count, Visit visit) const {
    const uint64_t rowBytes = blocksPerRow() * blockBytes(format_);
    std::vector<uint8_t> blocks(static_cast<size_t>(rowBytes));
    for (uint64_t r = 0; r < count; ++r) {
      TENON_TRY(file_.read(offset_ + (first + r) * rowBytes, blocks));
      visit(r, blocks.data());
    }
    return Status::ok();
  }

  const io::MappedFile &file_;
  uint64_t offset_;
  BlockFormat format_;
};

} // namespace

void splitBlocks(BlockFormat format, const uint8_t *from, uint64_t blocks, uint8_t *codes, uint16_t *scales) {
  for (uint64_t b = 0; b < blocks; ++b, from += blockBytes(format), codes += kBlockColumns) {
    scales[b] = static_cast<uint16_t>(from[0] | from[1] << 8);
    const uint8_t *q = from + 2;
    if (format == BlockFormat::Q8_0) {
      for (uint64_t i = 0; i < kBlockColumns; ++i)
        codes[i] = q[i] ^ 0x80; // signed to unsigned: + 128
    } else {
      for (uint64_t i = 0; i < kBlockColumns / 2; ++i) {
        codes[i] = q[i] & 15;
        codes[i + kBlockColumns / 2] = q[i] >> 4;
      }
    }
  }
}

void decodeBlocks(BlockFormat format, const uint8_t *from, uint64_t blocks, float *out) {
  const int zero = format == BlockFormat::Q8_0 ? 128 : 8;
  uint8_t codes[kBlockColumns];
  for (uint64_t b = 0; b < blocks; ++b, from += blockBytes(format), out += kBlockColumns) {
    uint16_t bits;
    splitBlocks(format, from, 1, codes, &bits);
    const float scale = f16ToFloat(bits);
    for (uint64_t i = 0; i < kBlockColumns; ++i)
      out[i] = scale * static_cast<float>(codes[i] - zero);
  }
}

std::unique_ptr<RowSource> checkpointBlocks(const io::MappedFile &file, uint64_t offset, uint64_t rows,
                                            uint64_t columns, BlockFormat format) {
  return std::make_unique<BlockRows>(file, offset, rows, columns, format);
}

} // namespace tenon::weights
