#include "tools/cli/Quantity.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace tenon::cli {
namespace {

struct Suffix {
  std::string_view name;
  double factor;
};
constexpr Suffix kSuffixes[] = {{"", 1},      {"k", 1e3},      {"K", 1e3},      {"M", 1e6},      {"G", 1e9},
                                {"T", 1e12},  {"Ki", 0x1p10},  {"Mi", 0x1p20},  {"Gi", 0x1p30},  {"Ti", 0x1p40},
                                {"B", 1},     {"kB", 1e3},     {"KB", 1e3},     {"MB", 1e6},     {"GB", 1e9},
                                {"TB", 1e12}, {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40}};

Status notAQuantity(std::string_view text, bool isCount) {
  return Status(Code::Usage, "'" + std::string(text) + "' is not a number such as " +
                                 (isCount ? "64, 4096 or 8k" : "4096, 512MiB or 4GB"));
}

} // namespace

Result<uint64_t> parseQuantity(std::string_view text, bool binaryK) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || !(value >= 0) || !std::isfinite(value))
    return notAQuantity(text, binaryK);
  const std::string_view suffix(end, text.data() + text.size() - end);
  const auto *known =
      std::find_if(std::begin(kSuffixes), std::end(kSuffixes), [&](const Suffix &s) { return s.name == suffix; });
  if (known == std::end(kSuffixes))
    return notAQuantity(text, binaryK);
  const double factor = binaryK && (suffix == "k" || suffix == "K") ? 1024 : known->factor;
  const double product = value * factor;
  if (product >= 0x1p63 || product != std::floor(product))
    return notAQuantity(text, binaryK);
  return static_cast<uint64_t>(product);
}

Result<std::vector<uint32_t>> parseList(std::string_view text) {
  std::vector<uint32_t> values;
  const Status bad(Code::Usage,
                   "'" + std::string(text) + "' is not a list such as 1,2,4,64 (1 to 64 numbers from 1 to 65536)");
  while (true) {
    const size_t comma = text.find(',');
    if (comma == 0 || text.empty())
      return bad;
    TENON_ASSIGN(const uint64_t value, parseQuantity(text.substr(0, comma), true));
    if (value == 0 || value > 65536)
      return bad;
    values.push_back(static_cast<uint32_t>(value));
    if (comma == std::string_view::npos)
      break;
    text.remove_prefix(comma + 1);
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  if (values.size() > 64)
    return bad;
  return values;
}

std::string formatBytes(uint64_t bytes) {
  static constexpr const char *kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(kUnits))
    value /= 1000, ++unit;
  char text[32];
  std::snprintf(text, sizeof text,
                unit == 0 || value >= 99.95 ? "%.0f %s"
                : value >= 9.995            ? "%.1f %s"
                                            : "%.2f %s",
                value, kUnits[unit]);
  return text;
}

} // namespace tenon::cli
