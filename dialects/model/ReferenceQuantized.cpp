// Reference arithmetic on quantized matrices: integer sums first, scales after.
#include "dialects/model/ReferenceTensor.h"

using namespace tenon::ref;

std::shared_ptr<Tensor> tenon::ref::dequantize(const Tensor &matrix) {
  auto out = makeRows(matrix.shape[0], matrix.shape[1]);
  for (int64_t r = 0; r < matrix.shape[0]; ++r)
    for (int64_t c = 0; c < matrix.shape[1]; ++c)
      row(*out, r)[c] = dequantized(matrix, r, c);
  return out;
}

void tenon::ref::multiplyCodes(const Tensor &x, const Tensor &weight, const Tensor *bias, Tensor &out) {
  int64_t columns = x.shape[1], xGroups = (columns + x.group - 1) / x.group;
  int64_t weightGroups = (columns + weight.group - 1) / weight.group;
  for (int64_t n = 0; n < x.shape[0]; ++n)
    for (int64_t o = 0; o < weight.shape[0]; ++o) {
      const int32_t *a = &x.i32[n * columns], *b = &weight.i32[o * columns];
      double sum = bias ? bias->f32[o] : 0;
      for (int64_t begin = 0; begin < columns;) {
        int64_t end = std::min({(begin / x.group + 1) * x.group, (begin / weight.group + 1) * weight.group, columns});
        int64_t codes = 0;
        for (int64_t k = begin; k < end; ++k)
          codes += static_cast<int64_t>(a[k]) * b[k];
        sum += static_cast<double>(codes) * x.scales[n * xGroups + begin / x.group] *
               weight.scales[o * weightGroups + begin / weight.group];
        begin = end;
      }
      row(out, n)[o] = static_cast<float>(sum);
    }
}
