// The loops of linear: the one op that needs some order in them to be bearable, and -O2 in every build. Rows are taken
// 16 at a time, transposed, so that the innermost loop runs over independent sums; what is left goes one by one. Sums
// are in double, in order of k, so a row's result does not depend on the rows beside it.
#include "dialects/model/ReferenceTensor.h"
#include <array>

using namespace tenon::ref;

// Rows [first, first + Rows) of the result.
template <int64_t Rows>
static void multiplyBlock(const Tensor &x, const Tensor &weight, const Tensor *bias, int64_t first, Tensor &out) {
  int64_t columns = x.shape[1];
  std::vector<double> block(static_cast<size_t>(columns * Rows)); // x[first + j][k] at [k][j]
  for (int64_t j = 0; j < Rows; ++j)
    for (int64_t k = 0; k < columns; ++k)
      block[k * Rows + j] = row(x, first + j)[k];
  for (int64_t o = 0; o < weight.shape[0]; ++o) {
    std::array<double, Rows> sums;
    sums.fill(bias ? bias->f32[o] : 0);
    const double *column = block.data();
    for (double w : row(weight, o)) {
      for (int64_t j = 0; j < Rows; ++j)
        sums[j] += w * column[j];
      column += Rows;
    }
    for (int64_t j = 0; j < Rows; ++j)
      row(out, first + j)[o] = static_cast<float>(sums[j]);
  }
}

void tenon::ref::multiplyRows(const Tensor &x, const Tensor &weight, const Tensor *bias, Tensor &out) {
  int64_t first = 0;
  for (; first + 16 <= x.shape[0]; first += 16)
    multiplyBlock<16>(x, weight, bias, first, out);
  for (; first < x.shape[0]; ++first)
    multiplyBlock<1>(x, weight, bias, first, out);
}
