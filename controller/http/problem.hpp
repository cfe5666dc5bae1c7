#pragma once
#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "controller/http/message.hpp"

namespace loa::http {

/// One fault among several: a JSON pointer into the request and one sentence; `code` may be empty.
struct ProblemPart {
  std::string pointer;
  std::string detail;
  std::string code;
};

/// Why a request was refused, as `application/problem+json` (RFC 9457) says it; `code` is stable, `detail` one English sentence.
struct Problem {
  unsigned status = 400;
  std::string code;
  std::string detail;
  std::vector<ProblemPart> errors;
};

/// Called by boost::system::result when value() is taken of a problem: a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
  throw std::logic_error("unchecked problem: " + problem.code + ": " + problem.detail);
}

/// A value, or why there is none.
template <class T>
using Result = boost::system::result<T, Problem>;

Response problem_response(const Problem& problem);

}  // namespace loa::http
