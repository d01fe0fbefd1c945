"""Minimax polynomials by the Remez exchange, in mpmath; used by coefficients.py."""
from mpmath import mp, mpf, cos, pi, matrix, lu_solve, fabs, chebyt


def evaluate(coefficients, t):
    """Horner's rule; coefficients from the constant term upwards."""
    value = mpf(0)
    for c in reversed(coefficients):
        value = value * t + c
    return value


def minimax(f, low, high, degree, weight=lambda t: mpf(1), grid=60, rounds=12):
    """Coefficients (constant term first) of the polynomial that minimises max weight*|f - p| on [low, high].

    Returns (coefficients, error). The caller proves the error separately: this only finds candidates.
    """
    n = degree + 2
    low, high = mpf(low), mpf(high)
    nodes = [(low + high) / 2 - (high - low) / 2 * cos(pi * j / (n - 1)) for j in range(n)]
    # Monomials in the variable scaled to [-1, 1] keep the linear system well conditioned.
    mid, half = (low + high) / 2, (high - low) / 2
    samples = [mid - half * cos(pi * j / (grid * n)) for j in range(grid * n + 1)]
    values = [f(s) for s in samples]
    weights = [weight(s) for s in samples]
    best = None
    for _ in range(rounds):
        a, b = matrix(n, n), matrix(n, 1)
        for i, t in enumerate(nodes):
            u = (t - mid) / half
            previous, current = mpf(1), u
            for j in range(degree + 1):
                a[i, j] = previous
                previous, current = current, 2 * u * current - previous
            a[i, degree + 1] = (-1) ** i / weight(t)
            b[i] = f(t)
        solution = lu_solve(a, b)
        cheb = [solution[j] for j in range(degree + 1)]

        def p(t):
            u = (t - mid) / half
            b1 = b2 = mpf(0)
            for c in reversed(cheb[1:]):
                b1, b2 = 2 * u * b1 - b2 + c, b1
            return u * b1 - b2 + cheb[0]

        errors = [w * (v - p(s)) for s, v, w in zip(samples, values, weights)]
        peaks = []
        for s, e in zip(samples, errors):
            if peaks and (peaks[-1][1] > 0) == (e > 0):
                if fabs(e) > fabs(peaks[-1][1]):
                    peaks[-1] = (s, e)
            else:
                peaks.append((s, e))
        while len(peaks) > n:
            peaks.pop(0 if fabs(peaks[0][1]) < fabs(peaks[-1][1]) else -1)
        worst = max(fabs(e) for e in errors)
        if best is None or worst < best[1]:
            best = (cheb, worst)
        if len(peaks) < n or worst - fabs(solution[degree + 1]) < worst / 1000:
            break
        nodes = [s for s, _ in peaks]
    return _monomials(best[0], mid, half), best[1]


def _monomials(cheb, mid, half):
    """Chebyshev series on [mid-half, mid+half] to monomials in t."""
    n = len(cheb)
    rows = [[mpf(1)], [-mid / half, 1 / half]]
    while len(rows) < n:
        a, b = rows[-1], rows[-2]
        up = [mpf(0)] * (len(a) + 1)
        for i, c in enumerate(a):
            up[i] += 2 * c * (-mid / half)
            up[i + 1] += 2 * c / half
        for i, c in enumerate(b):
            up[i] -= c
        rows.append(up)
    total = [mpf(0)] * n
    for k, c in enumerate(cheb):
        for i, v in enumerate(rows[k]):
            total[i] += c * v
    return total
