#include "compiler/weights/RowSource.h"

#include <cmath>
#include <vector>

namespace tenon::weights {

namespace {

class CheckpointRows final : public RowSource {
public:
  CheckpointRows(const io::MappedFile &file, uint64_t offset, uint64_t rows, uint64_t columns, Element element)
      : RowSource(rows, columns, element), file_(file), offset_(offset) {}

  // pread, not the mapping: pages of a checkpoint must not count against the compiler's memory bound.
  Status read(uint64_t first, uint64_t count, void *out) const override {
    const uint64_t rowBytes = columns() * elementBytes(element());
    return file_.read(offset_ + first * rowBytes, {static_cast<uint8_t *>(out), static_cast<size_t>(count * rowBytes)});
  }

private:
  const io::MappedFile &file_;
  uint64_t offset_;
};

class ZeroRows final : public RowSource {
public:
  using RowSource::RowSource;
  bool isZero() const override { return true; }
  Status read(uint64_t, uint64_t count, void *out) const override {
    std::memset(out, 0, static_cast<size_t>(count * columns() * elementBytes(element())));
    return Status::ok();
  }
};

uint64_t hashName(std::string_view name) { // FNV-1a
  uint64_t hash = 0xcbf29ce484222325ull;
  for (char c : name)
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ull;
  return hash;
}

class RandomRows final : public RowSource {
public:
  RandomRows(uint64_t seed, uint64_t rows, uint64_t columns, Element element)
      : RowSource(rows, columns, element), seedLow_(static_cast<uint32_t>(seed)),
        seedHigh_(static_cast<uint32_t>(seed >> 32)) {
    // Uniform on [-a, a) has variance a^2 / 3.
    scale_ = std::sqrt(3.0f / static_cast<float>(columns)) / 2147483648.0f;
  }

  Status read(uint64_t first, uint64_t count, void *out) const override {
    std::vector<float> row(columns());
    const uint64_t rowBytes = columns() * elementBytes(element());
    for (uint64_t r = 0; r < count; ++r) {
      if (rows() == 1)
        row.assign(columns(), 1.0f);
      else
        fill(first + r, row.data());
      convertElements(Element::F32, row.data(), element(), static_cast<uint8_t *>(out) + r * rowBytes, columns());
    }
    return Status::ok();
  }

private:
  // Two rounds of a 32-bit multiply-xorshift mix (constants: Wellons' hash prospector, "lowbias32").
  void fill(uint64_t row, float *out) const {
    const uint32_t rowSeed = static_cast<uint32_t>(row) * 0x9e3779b9u + static_cast<uint32_t>(row >> 32) + seedHigh_;
    for (uint64_t c = 0; c < columns(); ++c) {
      uint32_t x = static_cast<uint32_t>(c) ^ seedLow_;
      x = (x ^ (x >> 16)) * 0x7feb352du + rowSeed;
      x = (x ^ (x >> 15)) * 0x846ca68bu;
      x ^= x >> 16;
      out[c] = static_cast<float>(static_cast<int32_t>(x)) * scale_;
    }
  }

  uint32_t seedLow_, seedHigh_;
  float scale_;
};

class GeneratedRows final : public RowSource {
public:
  GeneratedRows(uint64_t rows, uint64_t columns, RowGenerator generate)
      : RowSource(rows, columns, Element::F32), generate_(std::move(generate)) {}
  Status read(uint64_t first, uint64_t count, void *out) const override {
    generate_(first, count, static_cast<float *>(out));
    return Status::ok();
  }

private:
  RowGenerator generate_;
};

} // namespace

std::unique_ptr<RowSource> checkpointRows(const io::MappedFile &file, uint64_t offset, uint64_t rows, uint64_t columns,
                                          Element element) {
  return std::make_unique<CheckpointRows>(file, offset, rows, columns, element);
}

std::unique_ptr<RowSource> zeroRows(uint64_t rows, uint64_t columns, Element element) {
  return std::make_unique<ZeroRows>(rows, columns, element);
}

std::unique_ptr<RowSource> randomRows(std::string_view name, uint64_t rows, uint64_t columns, Element element) {
  return std::make_unique<RandomRows>(hashName(name), rows, columns, element);
}

std::unique_ptr<RowSource> generatedRows(uint64_t rows, uint64_t columns, RowGenerator generate) {
  return std::make_unique<GeneratedRows>(rows, columns, std::move(generate));
}

} // namespace tenon::weights
