// The middle and the spread of a few measurements.
#pragma once

#include <algorithm>
#include <vector>

namespace tenon::cli {

struct Spread {
  double median = 0, low = 0,
         high = 0; // low and high: the smallest and largest tenth, or the extremes of fewer than ten
  size_t count = 0;
};

// `values` is not empty.
inline Spread spreadOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size(), tenth = n / 10;
  const double median = n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
  return {median, values[tenth], values[n - 1 - tenth], n};
}

} // namespace tenon::cli
