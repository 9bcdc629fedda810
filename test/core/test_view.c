/* Tests of core/base/view.h: borrowed views of arrays. */
#include "check.h"

#include "core/base/view.h"

int
main(void)
{
	const double x[] = {1, 2, 3, 4, 5, 6, 7, 8};
	SfMatrixView m = {x, 2, 3, 4};

	group("a row of a matrix is a view of its columns, the stride skipped");
	check(sf_matrix_row(m, 0).x == x && sf_matrix_row(m, 0).n == 3, "first row");
	check(sf_matrix_row(m, 1).x == x + 4 && sf_matrix_row(m, 1).n == 3, "second row");
	done();
	return finish();
}
