"""What every vendor folder needs and none should write twice."""
