/*
 * tbats_point.c
 *		The parameters of a TBATS model as a point that can be searched.
 */
#include "core/forecast/tbats_model.h"

#include <math.h>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize ("O3")
#endif

#define LAMBDA_MIN 0.0
#define LAMBDA_MAX 1.0

/* Gains this small are none. */
#define GAIN_MIN 1e-7

/* No wedge is taken narrower than twice this angle. */
#define HALF_MIN 0.05

#define PI 3.14159265358979323846

/*
 * The point that is searched is not the parameters themselves.  The eigenvalues of
 * A - g w' near the circle are, to first order in the gains of the waves,
 *
 *	e^iw - (gamma1 - i gamma2) / (2 + 2 L),	L = (alpha + phi beta z / (z - phi)) / (z - 1), z = e^iw,
 *
 * so the angle a of (gamma1, gamma2) must have cos(a + w + arg(1 + L)) > 0 for every
 * wave of the season: a wedge, narrow with many waves, in which a search along gamma1
 * and gamma2 gets stuck.  Searched are the logarithm of their length and the
 * place in the wedge, -1 .. 1.
 */

static double
argument_of_level(const SfTbatsModel *m, double c, double s)
{
	double		re = m->alpha;
	double		im = 0;
	double		size;

	if (m->spec.trend)
	{
		/* z / (z - phi) = (1 - phi z) / |z - phi|^2 on the circle */
		size = (c - m->phi) * (c - m->phi) + s * s;
		re += m->phi * m->beta * (1.0 - m->phi * c) / size;
		im -= m->phi * m->beta * m->phi * s / size;
	}
	/* times conj(z - 1), over |z - 1|^2 = 2 - 2 c, plus 1 */
	size = 2.0 - 2.0 * c;
	return atan2((im * (c - 1.0) - re * s) / size, (re * (c - 1.0) + im * s) / size + 1.0);
}

/* False: the season has no wave. */
bool
sf_tbats_wedge(const SfTbatsData *data, const SfTbatsModel *m, int32_t i, SfTbatsWedge *wedge)
{
	double		first = INFINITY;
	double		last = -INFINITY;

	for (int32_t k = 0; k < data->waves.count; k++)
		if (data->waves.season[k] == i)
		{
			double		angle = 2 * PI * data->waves.frequency[k] +
				argument_of_level(m, data->cosine[k], data->sine[k]);

			first = fmin(first, angle);
			last = fmax(last, angle);
		}
	wedge->middle = -0.5 * (first + last);
	wedge->half = fmax(HALF_MIN, 0.5 * PI - 0.5 * (last - first));
	return last >= first;
}

/* The angle from the middle of the wedge, within half a turn. */
static double
angle_from(const SfTbatsWedge *wedge, double gamma1, double gamma2)
{
	return atan2(cos(wedge->middle) * gamma2 - sin(wedge->middle) * gamma1,
				 cos(wedge->middle) * gamma1 + sin(wedge->middle) * gamma2);
}

/* phi and its place on a line without ends. */
static double
phi_place(double phi)
{
	double		share = fmax(1e-4, fmin(1 - 1e-4, (phi - SF_TBATS_PHI_MIN) / (1.0 - SF_TBATS_PHI_MIN)));

	return log(share / (1.0 - share));
}

/* SfTbatsModel to the point that is searched, with first steps; how many numbers there are. */
int32_t
sf_tbats_pack(const SfTbatsData *data, const SfTbatsModel *m, double *x, double *step)
{
	int32_t		count = 0;
	SfTbatsWedge wedge;

	x[count] = m->alpha;
	step[count++] = 0.1;
	if (m->spec.trend)
	{
		x[count] = log(fmax(m->beta, GAIN_MIN));
		step[count++] = 1.0;
	}
	if (m->spec.damped)
	{
		x[count] = phi_place(m->phi);
		step[count++] = -1.0;
	}
	for (int32_t i = 0; i < data->seasons; i++)
		if (sf_tbats_wedge(data, m, i, &wedge))
		{
			x[count] = log(fmax(hypot(m->gamma1[i], m->gamma2[i]), GAIN_MIN));
			step[count++] = 1.0;
			x[count] = angle_from(&wedge, m->gamma1[i], m->gamma2[i]) / wedge.half;
			step[count++] = 0.3;
		}
	if (m->spec.box_cox)
	{
		x[count] = m->lambda;
		step[count++] = m->lambda > 0.5 ? -0.2 : 0.2;
	}
	for (int32_t i = 0; i < m->spec.p; i++)
	{
		x[count] = m->ar[i];
		step[count++] = 0.1;
	}
	for (int32_t i = 0; i < m->spec.q; i++)
	{
		x[count] = m->ma[i];
		step[count++] = 0.1;
	}
	return count;
}

void
sf_tbats_unpack(const SfTbatsData *data, const double *x, SfTbatsModel *m)
{
	SfTbatsWedge wedge;

	m->alpha = *x++;
	m->beta = m->spec.trend ? exp(*x++) : 0.0;
	m->phi = m->spec.damped ? SF_TBATS_PHI_MIN + (1.0 - SF_TBATS_PHI_MIN) / (1.0 + exp(-*x++)) :
		(m->spec.trend ? 1.0 : 0.0);
	for (int32_t i = 0; i < data->seasons; i++)
		if (sf_tbats_wedge(data, m, i, &wedge))
		{
			double		length = exp(*x++);
			double		angle = wedge.middle + *x++ * wedge.half;

			m->gamma1[i] = length * cos(angle);
			m->gamma2[i] = length * sin(angle);
		}
	m->lambda = m->spec.box_cox ? *x++ : 1.0;
	for (int32_t i = 0; i < m->spec.p; i++)
		m->ar[i] = *x++;
	for (int32_t i = 0; i < m->spec.q; i++)
		m->ma[i] = *x++;
}

/* 1 - a_1 B - a_2 B^2 has its roots outside the circle. */
bool
sf_tbats_inside(const double *a, int32_t order)
{
	if (order == 0)
		return true;
	if (order == 1)
		return fabs(a[0]) < 0.99;
	return fabs(a[1]) < 0.99 && a[0] + a[1] < 0.99 && a[1] - a[0] < 0.99;
}

bool
sf_tbats_allowed(const SfTbatsData *data, const SfTbatsModel *m)
{
	double		minus[SF_TBATS_ARMA_MAX] = {-m->ma[0], -m->ma[1]};

	if (!(m->alpha >= 0 && m->alpha <= 1.9 && m->beta >= 0 && m->beta <= 1.5))
		return false;
	if (m->spec.damped && !(m->phi >= SF_TBATS_PHI_MIN && m->phi <= 1.0))
		return false;
	if (!(m->lambda >= LAMBDA_MIN && m->lambda <= LAMBDA_MAX))
		return false;
	return sf_tbats_inside(m->ar, m->spec.p) && sf_tbats_inside(minus, m->spec.q) &&
		sf_tbats_stable(data, m);
}

int32_t
sf_tbats_parameter_count(const SfTbatsData *data, const SfTbatsModel *m)
{
	double		x[SF_TBATS_PARAMETERS_MAX];
	double		step[SF_TBATS_PARAMETERS_MAX];

	return sf_tbats_pack(data, m, x, step);
}

