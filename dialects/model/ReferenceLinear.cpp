// The loops of linear: the one op that needs some order in them to be bearable, and -O2 in every build. 16 rows at a
// time, transposed, so that the innermost loop runs over independent sums. Sums are in double, in order of k, whatever
// the number of rows.
#include "dialects/model/ReferenceTensor.h"
#include <algorithm>
#include <array>

using namespace tenon::ref;

static constexpr int64_t blockRows = 16;

// x[first + j][k] at [k][j]; rows past the end are zeros.
static std::vector<double> transposeBlock(const Tensor &x, int64_t first) {
  int64_t rows = std::min(blockRows, x.shape[0] - first), columns = x.shape[1];
  std::vector<double> block(static_cast<size_t>(columns * blockRows));
  for (int64_t j = 0; j < rows; ++j)
    for (int64_t k = 0; k < columns; ++k)
      block[k * blockRows + j] = row(x, first + j)[k];
  return block;
}

void tenon::ref::multiplyRows(const Tensor &x, const Tensor &weight, const Tensor *bias, Tensor &out) {
  for (int64_t first = 0; first < x.shape[0]; first += blockRows) {
    std::vector<double> block = transposeBlock(x, first);
    for (int64_t o = 0; o < weight.shape[0]; ++o) {
      std::array<double, blockRows> sums;
      sums.fill(bias ? bias->f32[o] : 0);
      const double *column = block.data();
      for (double w : row(weight, o)) {
        for (int64_t j = 0; j < blockRows; ++j)
          sums[j] += w * column[j];
        column += blockRows;
      }
      for (int64_t j = 0; j < std::min(blockRows, x.shape[0] - first); ++j)
        row(out, first + j)[o] = static_cast<float>(sums[j]);
    }
  }
}
