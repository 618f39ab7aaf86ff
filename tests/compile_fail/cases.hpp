// FAIL(N, statement): the statement if the test runner asks for case N (-DIS_N=~,1), else nothing. For
// tests/checks/compile_fail.py.
#ifndef JITKIT_TESTS_COMPILE_FAIL_CASES_HPP
#define JITKIT_TESTS_COMPILE_FAIL_CASES_HPP

#define CASES_SECOND(a, b, ...) b
#define CASES_PICK(...) CASES_SECOND(__VA_ARGS__)
#define CASES_JOIN_(a, b) a##b
#define CASES_JOIN(a, b) CASES_JOIN_(a, b)
#define CASES_0(...)
#define CASES_1(...) __VA_ARGS__;
#define FAIL(number, ...) CASES_JOIN(CASES_, CASES_PICK(IS_##number, 0, ~))(__VA_ARGS__)

#endif  // JITKIT_TESTS_COMPILE_FAIL_CASES_HPP
